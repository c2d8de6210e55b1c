// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

/** A folder's name made of a title; the service makes the challenge's id of it. */
export function folderName(title: string): string {
  const plain = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return plain || 'my-challenge';
}
