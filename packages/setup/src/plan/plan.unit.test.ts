import { toLsn, WalmqError } from '@walmq/change';
import type { Slot } from '@walmq/replication';
import { describe, expect, it } from 'vitest';
import { providerOf } from '../provider/provider.js';
import type { SetupFacts } from '../read/facts.js';
import type { PublicationFacts } from '../read/publication.js';
import { madeRelations } from '../read/schema.js';
import type { TableFacts } from '../read/tables.js';
import { setupScript } from '../run/script.js';
import { stepsOf } from './plan.js';
import type { SetupRoute, SetupStep } from './step.js';

const NO_MARKS = { roles: [], settings: [], functions: [], schemas: [] };

const TABLE: TableFacts = {
  schema: 'public',
  table: 'orders',
  oid: 1,
  partitioned: false,
  logged: true,
  identity: 'full',
  columns: ['id', 'status'],
  generated: { stored: false, virtual: false },
  primaryKey: ['id'],
  identityColumns: ['id', 'status'],
  keyDeferrable: false,
  partitions: [],
  children: [],
  unsent: [],
};

const PUBLICATION: PublicationFacts = {
  name: 'walmq',
  oid: 2,
  allTables: false,
  schemas: [],
  tables: ['public.orders'],
  filteredTables: [],
  filters: {},
  operations: ['insert', 'update', 'delete', 'truncate'],
  viaRoot: true,
  generatedColumns: false,
};

const SLOT: Slot = {
  name: 'walmq',
  type: 'logical',
  plugin: 'pgoutput',
  database: 'shop',
  active: false,
  confirmedFlushLsn: toLsn(1n),
  walStatus: 'reserved',
  invalidationReason: null,
  retainedWalBytes: 0,
};

const WELL: SetupFacts = {
  synchronous: { names: 'FIRST 1 (standby)', standbys: ['standby'] },
  server: {
    version: 180_000,
    walLevel: 'logical',
    database: 'shop',
    role: 'app',
    inRecovery: false,
    provider: providerOf(NO_MARKS),
  },
  schemas: [
    {
      what: 'own tables',
      sql: 'CREATE ...',
      captured: false,
      missing: false,
      isNew: false,
      withinExists: false,
    },
  ],
  tables: [TABLE],
  publication: PUBLICATION,
  slot: SLOT,
  published: [],
  candidates: [],
};

const BY_KEY: SetupRoute = { queue: 'orders', orderBy: 'key', operations: undefined };

function steps(facts: Partial<SetupFacts>, routes: readonly SetupRoute[] = [BY_KEY]): SetupStep[] {
  const tables = [{ schema: 'public', table: 'orders', routes }];
  return stepsOf({ ...WELL, ...facts }, { slot: 'walmq', publication: 'walmq', tables });
}

/** The steps that a run would execute. */
function run(facts: Partial<SetupFacts>, routes?: readonly SetupRoute[]): string[] {
  return steps(facts, routes).flatMap(step => (step.status === 'run' ? [step.sql] : []));
}

function warnings(facts: Partial<SetupFacts>, routes?: readonly SetupRoute[]): string[] {
  return steps(facts, routes).flatMap(step => (step.status === 'warning' ? [step.what] : []));
}

describe('the plan of set-up', () => {
  it('is nothing where all is well', () => {
    expect(steps({}).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(setupScript(steps({}), 10_000)).toBe('-- nothing to do');
  });

  it('sees to old values before they are published, and to the publication before the slot', () => {
    const sql = run({
      schemas: [
        {
          what: 'own tables',
          sql: 'CREATE SCHEMA walmq',
          captured: false,
          missing: true,
          isNew: false,
          withinExists: false,
        },
      ],
      tables: [{ ...TABLE, identity: 'default' }],
      publication: undefined,
      slot: undefined,
    });
    expect(sql).toEqual([
      expect.stringMatching(/^CREATE SCHEMA/),
      expect.stringMatching(/REPLICA IDENTITY FULL;$/),
      expect.stringMatching(/CREATE PUBLICATION "walmq" FOR TABLE "public"\."orders" WITH/),
      expect.stringMatching(/^SELECT pg_create_logical_replication_slot/),
    ]);
  });

  it.each([
    [160_000, false],
    [170_000, true],
  ])('on version %i makes a slot with failover: %s', (version, failover) => {
    const [sql] = run({ server: { ...WELL.server, version }, slot: undefined });
    expect(sql?.includes('failover => true')).toBe(failover);
  });

  it('adds only the operations that queues take', () => {
    const publication: PublicationFacts = { ...PUBLICATION, operations: ['insert'] };
    expect(run({ publication }, [{ ...BY_KEY, operations: new Set(['insert']) }])).toEqual([]);
    expect(run({ publication }, [{ ...BY_KEY, operations: new Set(['delete']) }])).toEqual([
      `ALTER PUBLICATION "walmq" SET (publish = 'insert, delete');`,
    ]);
    expect(run({ publication })).toEqual([
      `ALTER PUBLICATION "walmq" SET (publish = 'insert, update, delete, truncate');`,
    ]);
  });

  it.each<[string, Partial<PublicationFacts>]>([
    ['for all tables', { allTables: true }],
    ['for the schema', { schemas: ['public'] }],
  ])('adds no table to a publication %s', (_name, kind) => {
    expect(run({ publication: { ...PUBLICATION, tables: [], ...kind } })).toEqual([]);
  });

  it('publishes partitions as their table only where there are any', () => {
    const publication = { ...PUBLICATION, viaRoot: false };
    expect(run({ publication })).toEqual([]);
    expect(run({ publication, tables: [{ ...TABLE, partitioned: true }] })).toEqual([
      'ALTER PUBLICATION "walmq" SET (publish_via_partition_root = true);',
    ]);
  });

  it('quotes names as SQL needs it', () => {
    const odd: TableFacts = { ...TABLE, schema: 'Sales', table: "o'rders" };
    const tables = [{ schema: odd.schema, table: odd.table }];
    const plan = stepsOf(
      { ...WELL, tables: [{ ...odd, identity: 'nothing' }] },
      { slot: 'walmq', publication: 'walmq', tables },
    );
    const sql = plan.flatMap(step => (step.status === 'run' ? [step.sql] : [])).join('\n');
    expect(sql).toContain(`ALTER TABLE "Sales"."o'rders" REPLICA IDENTITY FULL;`);
    expect(sql).toContain(`r.prrelid = '"Sales"."o''rders"'::regclass`);
  });

  it.each<[string, Partial<SetupFacts>, readonly SetupRoute[], RegExp[]]>([
    ['no key', { tables: [{ ...TABLE, primaryKey: [] }] }, [BY_KEY], [/no primary key.*queue "orders"/]],
    [
      'no key, but none needed',
      { tables: [{ ...TABLE, primaryKey: [] }] },
      [{ ...BY_KEY, orderBy: false }],
      [],
    ],
    [
      'all tables',
      { publication: { ...PUBLICATION, allTables: true } },
      [BY_KEY],
      [/FOR ALL TABLES and is kept/],
    ],
    [
      'a row filter',
      { publication: { ...PUBLICATION, filteredTables: ['public.orders', 'public.others'] } },
      [BY_KEY],
      [/row filter.*public\.orders/],
    ],
    [
      'every reader as a synchronous standby',
      { synchronous: { names: 'ANY 1 (*)', standbys: ['b', 'a"b'] } },
      [BY_KEY],
      [/ANY 1 \(\*\), which matches every reader/],
    ],
    [
      'capture as a synchronous standby',
      { synchronous: { names: '"Walmq Capture", x', standbys: [] } },
      [BY_KEY],
      [/matches every reader/],
    ],
    ['a lost slot', { slot: { ...SLOT, walStatus: 'lost' } }, [BY_KEY], [/is lost/]],
  ])('warns of %s', (_name, facts, routes, expected) => {
    expect(warnings(facts, routes)).toEqual(expected.map(text => expect.stringMatching(text)));
    expect(run(facts, routes)).toEqual([]);
  });

  it.each<[string, Partial<SetupFacts>, readonly SetupRoute[]]>([
    ['DATABASE_IS_STANDBY', { server: { ...WELL.server, inRecovery: true } }, []],
    ['SETUP_WAL_LEVEL', { server: { ...WELL.server, walLevel: 'replica' } }, []],
    ['TABLE_MISSING', { tables: [undefined] }, []],
    ['TABLE_UNLOGGED', { tables: [{ ...TABLE, logged: false }] }, []],
    ['COLUMN_MISSING', {}, [{ ...BY_KEY, orderBy: { column: 'customer' } }]],
    ['SLOT_FOREIGN', { slot: { ...SLOT, database: 'stock' } }, []],
    ['SLOT_FOREIGN', { slot: { ...SLOT, plugin: 'wal2json' } }, []],
  ])('refuses with %s', (code, facts, routes) => {
    expect(() => steps(facts, routes)).toThrow(expect.objectContaining({ code, name: WalmqError.name }));
  });
});

describe('what idempotent SQL makes', () => {
  it('is read from its text, indexes with the schema of their table', () => {
    const sql = `CREATE SCHEMA IF NOT EXISTS walmq;
      CREATE TABLE IF NOT EXISTS walmq.inbox (id int);
      CREATE INDEX IF NOT EXISTS inbox_id ON walmq.inbox (id);
      CREATE TABLE IF NOT EXISTS orders (id int);`;
    expect(madeRelations(sql)).toEqual([
      { schema: 'walmq', name: 'inbox', kind: 'table' },
      { schema: 'walmq', name: 'inbox_id', kind: 'index' },
      { schema: null, name: 'orders', kind: 'table' },
    ]);
  });
});
