/** A parameter's value as the text of a field. */
export function parameterText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * The value that the text of a field stands for.
 *
 * #### Notes
 * Where the notebook gives a text, every text is meant as it stands; elsewhere it is read as
 * JSON, and what is not JSON is a text.
 */
export function parameterValue(text: string, given: unknown): unknown {
  if (typeof given === 'string') {
    return text;
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
