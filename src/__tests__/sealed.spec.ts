// Copyright (c) jupyter_challenge contributors.
// Distributed under the terms of the Modified BSD License.

import { Sanitizer } from '@jupyterlab/apputils/lib/sanitizer';

import { SealedSanitizer } from '../run/sealed';

const sealed = new SealedSanitizer(new Sanitizer());

describe('SealedSanitizer', () => {
  it.each([
    ['<script>alert(1)</script>x', 'x'],
    ['<img src="x" onerror="alert(1)">', '<img>'],
    ['<img src="https://example.org/seen.png">', '<img>'],
    ['<img src="/logout" alt="a plot">', '<img alt="a plot">'],
    ['<img srcset="https://example.org/seen.png 2x">', '<img>'],
    ['<a href="javascript:alert(1)">go</a>', '<a rel="nofollow">go</a>'],
    ['<iframe src="https://example.org"></iframe>', ''],
    ['<svg><script>alert(1)</script></svg>', ''],
    [
      '<form action="/api/shutdown"><button>x</button></form>',
      '<button>x</button>'
    ],
    ['<table background="https://example.org/x"></table>', '<table></table>'],
    ['<p style="background: url(https://example.org/x)">p</p>', '<p>p</p>'],
    ['1 < 2 && plain', '1 &lt; 2 &amp;&amp; plain']
  ])('%s', (dirty, clean) => {
    const said = sealed.sanitize(dirty);
    expect(said).not.toMatch(
      /alert|example\.org|onerror|javascript|logout|shutdown/
    );
    expect(said.replace(/ (rel|target)="[^"]*"/g, '')).toBe(
      clean.replace(/ (rel|target)="[^"]*"/g, '')
    );
  });

  it('keeps pictures that an output carries itself', () => {
    const picture = '<img src="data:image/png;base64,AAAA">';
    expect(sealed.sanitize(picture)).toBe(picture);
  });

  it('opens links beside the application', () => {
    expect(sealed.sanitize('<a href="https://example.org">x</a>')).toContain(
      'target="_blank"'
    );
  });

  it('lets no output execute a command', () => {
    const button =
      '<button data-commandlinker-command="application:reset">x</button>';
    expect(sealed.sanitize(button)).not.toContain('commandlinker');
  });
});
