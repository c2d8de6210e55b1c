// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

/** Attributes by which a page would fetch or send something. */
const ADDRESSES = new Set([
  'action',
  'background',
  'data',
  'formaction',
  'ping',
  'poster',
  'src',
  'srcset'
]);

/** What an output may carry in itself. */
const OWN = /^data:(image|audio|video)\//i;

/**
 * A sanitizer for outputs of strangers: beyond JupyterLab's own, nothing in them asks the network
 * for anything, executes a command of the application, or leads away from the page unseen.
 */
export class SealedSanitizer implements IRenderMime.ISanitizer {
  /** Seal what another sanitizer lets through. */
  constructor(private readonly inner: IRenderMime.ISanitizer) {}

  /** Whether names and ids may stay: no, they could stand for ours. */
  readonly allowNamedProperties = false;

  /** Whether an output's elements may execute commands: no. */
  readonly allowCommandLinker = false;

  /** Whether addresses in texts become links. */
  getAutolink(): boolean {
    return this.inner.getAutolink?.() ?? true;
  }

  /** Return what is harmless. */
  sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const clean = this.inner.sanitize(dirty, options);
    if (!clean.includes('<')) {
      return clean;
    }
    // A parsed document neither runs nor loads anything.
    const { body } = new DOMParser().parseFromString(clean, 'text/html');
    for (const form of body.querySelectorAll('form')) {
      // To send it would lead away from the application.
      form.replaceWith(...form.childNodes);
    }
    for (const element of body.querySelectorAll('*')) {
      for (const { name, value } of [...element.attributes]) {
        const isAddress = ADDRESSES.has(name) && !OWN.test(value.trim());
        const isLoading = name === 'style' && /url\s*\(/i.test(value);
        if (isAddress || isLoading || name.startsWith('data-commandlinker')) {
          element.removeAttribute(name);
        }
      }
      if (element.hasAttribute('href')) {
        element.setAttribute('rel', 'noopener noreferrer nofollow');
        element.setAttribute('target', '_blank');
      }
    }
    return body.innerHTML;
  }
}
