import { describe, expect, it } from 'vitest';
import { inlineMarkdown } from './markdown.js';

describe('an entry of the registry as markup', () => {
  it.each([
    ['Run `npx walmq setup`, then *wait*.', 'Run <code>npx walmq setup</code>, then <em>wait</em>.'],
    ['Do as for [SLOT_MISSING](#SLOT_MISSING).', 'Do as for <a href="#SLOT_MISSING">SLOT_MISSING</a>.'],
    ['See [TLS](../guides/tls.md#keys).', 'See TLS (<code>docs/guides/tls.md</code>).'],
    [
      'Correct [the URL](configuration.md).',
      'Correct the URL (<code>docs/reference/configuration.md</code>).',
    ],
    ['a < b & `c > d`', 'a &lt; b &amp; <code>c &gt; d</code>'],
    ['nothing of it', 'nothing of it'],
  ])('%s', (text, markup) => {
    expect(inlineMarkdown(text).markup).toBe(markup);
  });
});
