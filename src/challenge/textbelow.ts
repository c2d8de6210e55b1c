// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/**
 * The Markdown of an organiser without a beginning that stands above it already.
 *
 * #### Notes
 * A README begins with its title, and often with the sentence that lists show; on the page of the
 * challenge both are its head.
 */
export function textBelow(
  markdown: string,
  title: string,
  sentence = ''
): string {
  const heading = /^\s*#[ \t]+(.*?)[ \t#]*(?:\r?\n|$)/.exec(markdown);
  if (!heading || !isSame(heading[1], title)) {
    return markdown;
  }
  const rest = markdown.slice(heading[0].length).trimStart();
  const [paragraph] = rest.split(/\r?\n[ \t]*\r?\n/, 1);
  return sentence && isSame(paragraph, sentence)
    ? rest.slice(paragraph.length).trimStart()
    : rest;
}

/** Whether two texts read the same, however their lines are broken. */
function isSame(one: string, other: string): boolean {
  const plain = (text: string) =>
    text.trim().replace(/\s+/g, ' ').toLowerCase();
  return plain(one) === plain(other);
}
