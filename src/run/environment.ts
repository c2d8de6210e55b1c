import type { SubmissionView } from '../wire';

/** What a submission was captured to run in: kernel, language and version. */
export function kernelText(view: SubmissionView): string {
  const { display_name, kernel, language, version } = view.environment;
  const name = [display_name, kernel].find(isText) ?? '';
  const made = [language, version].filter(isText).join(' ');
  return name && made ? `${name} (${made})` : name || made;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
