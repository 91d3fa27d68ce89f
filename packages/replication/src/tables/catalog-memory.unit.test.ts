import { toLsn } from '@walmq/change';
import { describe, expect, it } from 'vitest';
import { CatalogMemory } from './catalog-memory.js';
import type { StoredAttribute, TableVersion } from './table-version.js';

const column = (name: string, place: number | null = null): StoredAttribute => ({
  name,
  place,
  typeOid: 23,
  dropped: false,
  generated: false,
  isLoose: false,
});
const version = (...attributes: StoredAttribute[]): TableVersion => ({ attributes, keyXid: 7 });
const one = version(column('id', 0));
const two = version(column('id', 0), column('more'));

/** The stored entries, as the next session reads them. */
function written(memory: CatalogMemory, before: Record<string, string> = {}): Record<string, string> {
  const entries = { ...before };
  for (const [name, json] of memory.unsaved)
    if (json === null) delete entries[name];
    else entries[name] = json;
  memory.saved(memory.unsaved);
  return entries;
}

describe('what is remembered of the catalog', () => {
  it('is each version of a table, newest first, until all its changes are acknowledged', () => {
    const memory = new CatalogMemory({});
    memory.sawTables([1], new Map([[1, one]]), toLsn(100n));
    memory.sawTables([1], new Map([[1, { ...one, keyXid: 9 }]]), toLsn(150n)); // REINDEX
    const first = written(memory);
    memory.sawTables([1], new Map([[1, two]]), toLsn(200n));
    memory.forgetUntil(toLsn(199n));
    const again = new CatalogMemory(written(memory, first));
    expect(again.versions(1)).toMatchObject([two, one]);
    again.forgetUntil(toLsn(200n));
    expect(again.versions(1)).toEqual([two]);
    again.sawTables([1], new Map(), toLsn(300n));
    expect(again.versions(1)).toMatchObject([two]);
    again.forgetUntil(toLsn(300n));
    expect(again.versions(1)).toEqual([]);
    expect(written(again, first)).toEqual({});
  });

  it('is what a type is made of, until it is gone and its changes are acknowledged', () => {
    const memory = new CatalogMemory({});
    memory.sawTypes([5], new Map([[5, { base: 23 }]]), toLsn(100n));
    const entries = written(memory);
    memory.forgetUntil(toLsn(1000n));
    expect(memory.unsaved.size).toBe(0);
    const next = new CatalogMemory(entries);
    next.sawTypes([5], new Map(), toLsn(2000n));
    next.forgetUntil(toLsn(1999n));
    expect(next.type(5)).toMatchObject({ base: 23 });
    next.forgetUntil(toLsn(2000n));
    expect(next.type(5)).toBeUndefined();
  });

  it('stays to be written down until it has been, as it is by then', () => {
    const memory = new CatalogMemory({});
    memory.sawTypes([5], new Map([[5, { base: 23 }]]), toLsn(100n));
    const { unsaved } = memory;
    memory.sawTypes([5], new Map([[5, { base: 20 }]]), toLsn(100n));
    memory.saved(unsaved);
    expect([...memory.unsaved]).toEqual([['type:5', '{"base":20}']]);
  });
});
