import { describe, expect, it } from 'vitest';
import { property, quoted, workerNames } from './names.js';

const tables = (...names: string[]) =>
  names.map(name => {
    const [schema = '', table = ''] = name.split('|');
    return { schema, table };
  });

describe('workerNames', () => {
  it.each([
    [
      ['public|orders', 'sales|orders'],
      ['orders', 'sales-orders'],
    ],
    [
      ['public|sales-orders', 'sales|orders'],
      ['sales-orders', 'sales-orders-2'],
    ],
    // A file system may ignore capitals.
    [
      ['public|Orders', 'public|orders'],
      ['Orders', 'orders-2'],
    ],
    [
      ['public|audit', 'public|webhooks', 'public|change-log'],
      ['audit-2', 'webhooks-2', 'change-log-2'],
    ],
    [
      ['public|_jobs', 'public|$!', 'public|größe', 'public|../x'],
      ['jobs', 'table', 'gr-e', 'x'],
    ],
  ])('%j', (given, expected) => {
    expect(workerNames(tables(...given))).toEqual(expected);
  });

  it('keeps to what the configuration takes as the name of a worker', () => {
    const [first = '', second = ''] = workerNames(
      tables(`public|${'x'.repeat(63)}`, `public|${'x'.repeat(62)}`),
    );
    for (const name of [first, second]) expect(name).toMatch(/^[a-z0-9][a-z0-9_-]{0,62}$/i);
    expect(first).not.toBe(second);
  });
});

describe('source of names', () => {
  it.each([
    ['orders', 'orders', "'orders'"],
    ['sales.orders', "'sales.orders'", "'sales.orders'"],
    [`"it's"."a \\ b"`, `'"it\\'s"."a \\\\ b"'`, `'"it\\'s"."a \\\\ b"'`],
  ])('%s', (name, asProperty, asText) => {
    expect(property(name)).toBe(asProperty);
    expect(quoted(name)).toBe(asText);
  });
});
