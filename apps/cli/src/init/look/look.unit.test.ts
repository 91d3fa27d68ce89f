import { describe, expect, it } from 'vitest';
import { checkBullmq } from './bullmq.js';
import { packageManagerOf } from './package-manager.js';
import { EMPTY_MANIFEST } from './project.js';
import { wantedTables } from './wanted-tables.js';

describe('packageManagerOf', () => {
  it.each([
    ['what package.json states', 'pnpm@10.1.0', 'yarn.lock', 'npm/10.0.0 node/v20', 'pnpm'],
    ['the lockfile', undefined, 'yarn.lock', 'npm/10.0.0 node/v20', 'yarn'],
    ['the calling program', undefined, undefined, 'pnpm/10.0.0 npm/? node/v20', 'pnpm'],
    ['npm', undefined, undefined, undefined, 'npm'],
    ['npm instead of one that it does not know', 'bun@1.0.0', undefined, 'bun/1.0.0', 'npm'],
  ])('takes %s', (_, packageManager, lockfile, userAgent, expected) => {
    expect(packageManagerOf({ manifest: { ...EMPTY_MANIFEST, packageManager }, lockfile }, userAgent)).toBe(
      expected,
    );
  });
});

describe('checkBullmq', () => {
  it.each(['^6.7.0', '6', '>=5 <7 || 6.x', '^5.0.0 || ^6.0.0', 'latest', 'workspace:*', 'file:../bullmq-5'])(
    'takes %s',
    range => {
      expect(() => checkBullmq({ ...EMPTY_MANIFEST, dependencies: { bullmq: range } })).not.toThrow();
    },
  );

  it.each(['^5.56.0', '~4.1', '7.0.0'])('does not take %s', range => {
    expect(() => checkBullmq({ ...EMPTY_MANIFEST, devDependencies: { bullmq: range } })).toThrow(
      expect.objectContaining({ code: 'BULLMQ_UNFIT', message: expect.stringContaining(range) }),
    );
  });
});

describe('wantedTables', () => {
  it.each([
    ['orders, sales.invoices,,orders', undefined, ['public|orders', 'sales|invoices']],
    ['orders,sales.invoices', 'shop', ['shop|orders', 'sales|invoices']],
    ['"a, b"."c"" d",x', undefined, ['a, b|c" d', 'public|x']],
    ['"a.b"', 'shop', ['shop|a.b']],
  ])('%s in schema %s', (text, schema, expected) => {
    expect(wantedTables(text, schema).map(name => `${name.schema}|${name.table}`)).toEqual(expected);
  });

  it('says which part is no name', () => {
    expect(() => wantedTables('orders,order items', undefined)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"order items"') }),
    );
  });
});
