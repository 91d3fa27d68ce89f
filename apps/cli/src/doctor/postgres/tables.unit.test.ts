import type { SetupRoute, TableFacts } from '@walmq/setup';
import { describe, expect, it } from 'vitest';
import { tableChecks } from './tables.js';

const FULL: TableFacts = {
  schema: 'public',
  table: 'items',
  oid: 1,
  partitioned: false,
  logged: true,
  identity: 'full',
  columns: ['id', 'order_id'],
  generated: { stored: false, virtual: false },
  primaryKey: ['id'],
  identityColumns: ['id', 'order_id'],
  keyDeferrable: false,
  partitions: [],
  children: [],
  unsent: [],
};
const DEFAULT = { identity: 'default', identityColumns: ['id'] } as const;
const SERVER = {
  version: 180_000,
  publication: {
    name: 'walmq',
    oid: 2,
    allTables: false,
    schemas: [],
    tables: [],
    filteredTables: [],
    filters: {},
    operations: [],
    viaRoot: true,
    generatedColumns: false,
  },
};
const BY_KEY: SetupRoute = { queue: 'items', orderBy: 'key', operations: undefined };
const STORED = { stored: true, virtual: false };
const VIRTUAL = { stored: false, virtual: true };
const BY_ORDER: SetupRoute = { queue: 'orders', orderBy: { column: 'order_id' }, operations: undefined };

describe('a table', () => {
  it.each<[string, Partial<TableFacts>, SetupRoute, string[]]>([
    ['is well', {}, BY_KEY, []],
    ['sends its key alone, which is what orders it', DEFAULT, BY_KEY, ['replica-identity warning']],
    ['sends its key alone, and is ordered by more', DEFAULT, BY_ORDER, ['replica-identity error']],
    [
      'sends its key alone, but only inserts are ordered by more',
      DEFAULT,
      { ...BY_ORDER, operations: new Set(['insert', 'truncate']) },
      ['replica-identity warning'],
    ],
    [
      'sends an index that orders it',
      { identity: 'index', identityColumns: ['order_id'] },
      BY_ORDER,
      ['replica-identity warning'],
    ],
    ['has a STORED generated column', { generated: STORED }, BY_KEY, ['replica-identity error']],
    ['has a VIRTUAL generated column', { generated: VIRTUAL }, BY_KEY, ['replica-identity error']],
    [
      'has a VIRTUAL one, and its key alone',
      { ...DEFAULT, generated: VIRTUAL },
      BY_KEY,
      ['replica-identity warning'],
    ],
    ['sends nothing', { identity: 'nothing', identityColumns: [] }, BY_KEY, ['replica-identity error']],
    [
      'has a key to send, but none',
      { identity: 'default', identityColumns: [], primaryKey: [] },
      BY_ORDER,
      ['replica-identity error'],
    ],
    ['has no key', { primaryKey: [] }, BY_KEY, ['primary-key warning']],
    ['has no key and needs none', { primaryKey: [] }, BY_ORDER, []],
    ['lacks the column', { columns: ['id'] }, BY_ORDER, ['order-column error']],
    ['is unlogged', { logged: false }, BY_KEY, ['tables error']],
    [
      'has a partition that sends less',
      {
        partitioned: true,
        partitions: [
          { oid: 3, schema: 'public', table: 'items_1', identity: 'full', attached: false },
          { oid: 4, schema: 'public', table: 'items_2', identity: 'default', attached: false },
        ],
      },
      BY_KEY,
      ['replica-identity error'],
    ],
  ])('%s', (_name, facts, route, expected) => {
    const wanted = { schema: 'public', table: 'items', routes: [route] };
    const troubles = tableChecks([{ wanted, found: { ...FULL, ...facts } }], SERVER)
      .filter(({ status }) => status !== 'ok')
      .map(({ check, status }) => `${check} ${status}`);
    expect(troubles).toEqual(expected);
  });

  it('has STORED generated columns that are published, or a server that merely leaves them out', () => {
    const table = {
      wanted: { schema: 'public', table: 'items', routes: [BY_KEY] },
      found: { ...FULL, generated: STORED },
    };
    const published = { ...SERVER.publication, generatedColumns: true };
    for (const server of [
      { version: 180_000, publication: published },
      { version: 170_000, publication: { ...published, generatedColumns: undefined } },
    ])
      expect(tableChecks([table], server).every(({ status }) => status === 'ok')).toBe(true);
  });

  it('is not there: said once, and nothing else of it', () => {
    const wanted = { schema: 'public', table: 'items', routes: [BY_ORDER] };
    const errors = tableChecks([{ wanted, found: undefined }], SERVER).filter(
      ({ status }) => status === 'error',
    );
    expect(errors).toEqual([expect.objectContaining({ check: 'tables' })]);
  });
});
