import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLsn, lsnFromHex, lsnToHex, parseLsn, toLsn } from './lsn.js';
import { comparePositions, formatPosition, parsePosition } from './position.js';

const lsn = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }).map(toLsn);
const position = fc.record({ lsn, seq: fc.nat({ max: 9_999_999_999 }) });

describe('LSN', () => {
  it.each([
    ['0/0', 0n],
    ['0/FFFFFFFF', 0xffffffffn],
    ['1/0', 0x100000000n],
    ['FFFFFFFF/FFFFFFFF', 0xffff_ffff_ffff_ffffn],
  ])('reads and writes %s', (text, value) => {
    expect(parseLsn(text)).toBe(value);
    expect(formatLsn(toLsn(value))).toBe(text);
  });

  it.each(['', '0', '0/', '/0', '0/123456789', 'g/0', '0/0 ', '-1/0'])('refuses %j', text => {
    expect(() => parseLsn(text)).toThrow(RangeError);
  });

  it('comes back from both of its forms', () => {
    fc.assert(
      fc.property(lsn, value => {
        expect(parseLsn(formatLsn(value))).toBe(value);
        expect(lsnFromHex(lsnToHex(value))).toBe(value);
      }),
    );
  });
});

describe('position', () => {
  it('sorts as text the way it sorts in the stream', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const [textA, textB] = [formatPosition(a), formatPosition(b)];
        const textOrder = textA < textB ? -1 : textA > textB ? 1 : 0;
        expect(Math.sign(comparePositions(a, b))).toBe(textOrder);
      }),
    );
  });

  it('comes back from its text, which is a valid BullMQ job id', () => {
    fc.assert(
      fc.property(position, value => {
        const text = formatPosition(value);
        expect(parsePosition(text)).toEqual(value);
        expect(text).not.toMatch(/:|^\d+$/);
      }),
    );
  });

  it.each(['', '0-0', '00000000019F2B40-1', '00000000019f2b40-0000000001'])('refuses %j', text => {
    expect(() => parsePosition(text)).toThrow(RangeError);
  });
});
