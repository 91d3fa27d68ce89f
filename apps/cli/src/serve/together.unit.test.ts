import { expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyApp, together } from './together.js';

const app = (name: string, port: number, own: z.ZodRawShape = {}): AnyApp => ({
  name,
  defaultPort: port,
  needs: ['database', 'redis'],
  own,
  workers: () => [],
});

it('leaves one app as it is', () => {
  const only = app('payments', 9110);
  expect(together([only])).toBe(only);
});

it('gives several apps the port of the first, and the needs, variables and rights of all', () => {
  const LEDGER_URL = z.url();
  const joined = together([
    { ...app('payments', 9110, { LEDGER_URL }), rights: [{ table: 'audit', privileges: ['SELECT'] }] },
    { ...app('mails', 9111, { LEDGER_URL, SENDER: z.string() }), needs: ['database', 'redis', 'smtp'] },
  ]);
  expect(joined).toMatchObject({
    name: 'payments+mails',
    defaultPort: 9110,
    needs: ['database', 'redis', 'smtp'],
    rights: [{ table: 'audit', privileges: ['SELECT'] }],
  });
  expect(Object.keys(joined.own ?? {})).toEqual(['LEDGER_URL', 'SENDER']);
});

it('refuses two declarations of one variable', () => {
  expect(() => together([app('a', 1, { X: z.url() }), app('b', 2, { X: z.string() })])).toThrow(
    expect.objectContaining({ code: 'WORKERS_APART' }),
  );
});
