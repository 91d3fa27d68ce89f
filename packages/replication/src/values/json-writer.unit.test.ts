import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from './json-writer.js';

/** Short and long texts, with characters that JSON escapes and characters of two to four bytes in UTF-8. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u007f', 'a', 'é', '€', '🚀') }),
  fc.string({ minLength: 3000, maxLength: 9000 }),
);

describe('the JSON writer', () => {
  it('writes strings as JSON.stringify does, row after row', () => {
    const json = new JsonWriter();
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), texts => {
        const known = texts.filter(value => Buffer.from(value).toString() === value);
        for (const value of known) {
          const bytes = Buffer.from(`[${value}]`);
          json.string(bytes, 1, bytes.length - 1);
          json.text(JSON.stringify(value));
          json.raw(bytes);
        }
        expect(json.take()).toBe(
          known.map(value => `${JSON.stringify(value)}${JSON.stringify(value)}[${value}]`).join(''),
        );
      }),
    );
  });

  it('grows for a huge row, and is as before after it', () => {
    const json = new JsonWriter();
    const bytes = Buffer.from(`${'x'.repeat(3_000_000)}"€`);
    json.string(bytes, 0, bytes.length);
    expect(json.take() === JSON.stringify(bytes.toString())).toBe(true);
    json.byte(0x61);
    expect(json.take()).toBe('a');
    expect(json.take()).toBe('');
  });
});
