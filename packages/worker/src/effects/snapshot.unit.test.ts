import { describe, expect, it } from 'vitest';
import { isShown, nearestXid } from './snapshot.js';

const EPOCH = 2n ** 32n;

describe('isShown', () => {
  it.each([
    ['before every running one', '700:710:700,705', 699, true],
    ['running', '700:710:700,705', 705, false],
    ['ended between running ones', '700:710:700,705', 704, true],
    ['the first that has not ended', '710:710:', 710, false],
    ['further ones whose commits wait', '710:710:', 719, false],
    ['of this epoch', `${EPOCH + 5n}:${EPOCH + 9n}:${EPOCH + 7n}`, 8, true],
    ['of this epoch, running', `${EPOCH + 5n}:${EPOCH + 9n}:${EPOCH + 7n}`, 7, false],
    ['of the epoch before', `${EPOCH + 5n}:${EPOCH + 9n}:`, 4_294_967_290, true],
    ['of the epoch before, running', `${EPOCH - 6n}:${EPOCH + 9n}:${EPOCH - 6n}`, 4_294_967_290, false],
    ['of the epoch to come', `${EPOCH - 3n}:${EPOCH - 3n}:`, 2, false],
    ['above 2^31', '2147483650:2147483660:2147483655', 2_147_483_655, false],
    ['of another server, whose ids were far higher', '700:710:', 2_147_483_600, false],
    ['of another server, in what is no epoch of ours', '700:710:', 4_294_967_000, true],
  ])('%s', (_, snapshot, xid, shown) => {
    expect(isShown(snapshot, xid)).toBe(shown);
  });
});

describe('nearestXid', () => {
  it('is in the epoch before or after the snapshot where that is nearer', () => {
    expect(nearestXid(`${EPOCH}:${EPOCH + 9n}:`, 4_294_967_290)).toBe(4_294_967_290n);
    expect(nearestXid(`${EPOCH - 3n}:${EPOCH - 3n}:`, 2)).toBe(EPOCH + 2n);
  });
});
