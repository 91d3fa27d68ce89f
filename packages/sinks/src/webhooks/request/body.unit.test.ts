import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchBody, partsWithin } from './body.js';

const TIMESTAMP = '2026-03-01T12:00:00.000001Z';
const id = (number: number) => `msg_${String(number).padStart(32, '0')}`;

describe('partsWithin', () => {
  it('keeps all items in order, within the limit unless an item is larger by itself, and wastes no request', () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 600 }), { maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1000, max: 5000 }), (list, maxBytes) => {
        const items = list.map((text, number) => ({ id: id(number), body: JSON.stringify(text) }));
        const parts = partsWithin(items, maxBytes);
        expect(parts.flat()).toEqual(items);
        for (const part of parts)
          if (part.length > 1)
            expect(Buffer.byteLength(batchBody(part, TIMESTAMP))).toBeLessThanOrEqual(maxBytes);
        // Two neighbours would not fit into one body, but for the few bytes that the frame is estimated too large.
        for (const [index, part] of parts.slice(1).entries()) {
          const both = [...(parts[index] ?? []), ...part.slice(0, 1)];
          expect(Buffer.byteLength(batchBody(both, TIMESTAMP))).toBeGreaterThan(maxBytes - 128);
        }
      }),
    );
  });
});

describe('batchBody', () => {
  it('contains each body as it is', () => {
    const bodies = ['{"a":1.0}', '"text"', '[]'];
    const body = batchBody(
      bodies.map((text, number) => ({ id: id(number), body: text })),
      TIMESTAMP,
    );
    expect(body).toContain(`"data":[${bodies.join(',')}]`);
    expect(JSON.parse(body)).toEqual({
      type: 'walmq.batch',
      timestamp: TIMESTAMP,
      ids: [id(0), id(1), id(2)],
      data: [{ a: 1 }, 'text', []],
    });
  });
});
