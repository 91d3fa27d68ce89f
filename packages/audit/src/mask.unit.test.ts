import { describe, expect, it } from 'vitest';
import { applyMask, NO_RULES } from './mask.js';

describe('applyMask', () => {
  const rules = { leaveOut: new Set(['notes']), mask: new Set(['email']) };

  it.each([
    [
      { id: 1, email: 'a@example.com', notes: 'secret' },
      { id: 1, email: '***' },
    ],
    [
      { id: 1, email: null },
      { id: 1, email: null },
    ],
    [
      { id: 1, email: '' },
      { id: 1, email: '***' },
    ],
    [{ notes: 'secret' }, {}],
    [null, null],
  ])('%j becomes %j', (row, kept) => {
    expect(applyMask(row, rules)).toEqual(kept);
  });

  it('keeps everything without rules', () => {
    const row = { id: 1, email: 'a@example.com', nested: { list: [1, null] } };
    expect(applyMask(row, NO_RULES)).toEqual(row);
  });
});
