import { describe, expect, it } from 'vitest';
import type { Relation } from '../protocol/messages.js';
import { type StoredAttribute, type TableVersion, tableFactsAt } from './table-version.js';

const INT = 23;
const TEXT = 25;
const column = (name: string, place: number | null = null, more: Partial<StoredAttribute> = {}) => ({
  name,
  place,
  typeOid: INT,
  dropped: false,
  generated: false,
  isLoose: false,
  ...more,
});
const version = (keyXid: number | null, ...attributes: StoredAttribute[]): TableVersion => ({
  attributes,
  keyXid,
});
const relation = (names: readonly string[], types: Record<string, number> = {}): Relation => ({
  oid: 1,
  schema: 'public',
  table: 't',
  identity: 'full',
  columns: names.map(name => ({ name, typeOid: types[name] ?? INT, inIdentity: true })),
});

const byId = version(50, column('id', 0), column('code'));
const byCode = version(100, column('id'), column('code', 0));
const withoutKey = version(null, column('id'), column('code'));

describe('the key of a table when a transaction wrote to it', () => {
  it.each<[string, readonly string[], readonly TableVersion[], number, boolean, string[] | undefined]>([
    ['as it is', ['id', 'code'], [byId], 60, false, ['id']],
    ['of today, read as it happens', ['id', 'code'], [byCode, byId], 60, true, ['code']],
    ['made by a younger transaction', ['id', 'code'], [byCode, byId], 99, false, ['id']],
    ['made by the transaction itself', ['id', 'code'], [byCode, byId], 100, false, ['code']],
    ['made by an older transaction', ['id', 'code'], [byCode, byId], 101, false, ['code']],
    ['made before transaction ids went round', ['id', 'code'], [byCode, byId], 2 ** 32 - 10, false, ['id']],
    ['taken away since, or before', ['id', 'code'], [withoutKey, byId], 60, false, ['id']],
    ['of a table that has never had one', ['id', 'code'], [withoutKey], 60, false, []],
    ['younger than the change, and none is known before', ['id', 'code'], [byCode], 60, false, ['code']],
    ['of the columns of then', ['id', 'code'], [version(50, column('no', 0)), byId], 60, true, ['id']],
    ['renamed since', ['id', 'code'], [version(50, column('no', 0), column('code'))], 60, false, ['id']],
    ['of a table that nobody has seen', ['id'], [], 60, false, undefined],
    ['with columns that are not published', ['id'], [byId], 60, false, ['id']],
  ])('%s', (_name, names, versions, xid, isCaughtUp, key) => {
    expect(tableFactsAt(relation(names), versions, { xid, isCaughtUp }).primaryKey).toEqual(key);
  });

  it('goes by the types of the columns too', () => {
    const today = version(50, column('id'), column('code', 0, { typeOid: TEXT }));
    const facts = (types: Record<string, number>) =>
      tableFactsAt(relation(['id', 'code'], types), [today, byId], { xid: 60, isCaughtUp: false });
    expect(facts({}).primaryKey).toEqual(['id']);
    expect(facts({ code: TEXT }).primaryKey).toEqual(['code']);
  });

  it('knows columns of a nondeterministic collation, also of a table that is gone', () => {
    const loose = version(50, column('id', 0, { isLoose: true }), column('code'));
    for (const names of [
      ['id', 'code'],
      ['id', 'other'],
    ])
      expect([
        ...tableFactsAt(relation(names), [loose], { xid: 60, isCaughtUp: false }).looselyCollated,
      ]).toEqual(['id']);
  });
});
