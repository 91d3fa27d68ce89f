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
    expect(JSON.parse(applyMask(JSON.stringify(row), rules))).toEqual(kept);
  });

  it('keeps everything without rules', () => {
    const row = '{"id": 1, "email": "a@example.com", "nested": {"list": [1, null]}}';
    expect(applyMask(row, NO_RULES)).toBe(row);
  });

  it('keeps the text of what it keeps: digits, escapes, spaces', () => {
    const kept = '"doc":{"n": 12345678901234567890.10, "s": "\\u0000\\ud800"}';
    expect(applyMask(`{"email":"a","notes":"b",${kept}}`, rules)).toBe(`{"email":"***",${kept}}`);
  });
});
