import { type Lsn, lsnFromHex, lsnToHex } from '@walmq/change';
import type { TypeFacts } from '../values/value-types.js';
import type { TableVersion } from './table-version.js';

/** Since when it is no longer so: the end of the WAL when that was noticed, in 16 hex digits. */
interface Outdated {
  readonly until?: string;
}

type RememberedType = TypeFacts & Outdated;
type RememberedVersion = TableVersion & Outdated;

/** What is to be written down, by name; null: forgotten. */
export type MemoryChanges = ReadonlyMap<string, string | null>;

/**
 * What the catalog has said of types and tables, for as long as changes made under it may still be read: by then they may
 * have been altered or dropped. Oids tell them apart, and names of entries are `type:<oid>` and `table:<oid>`.
 */
export class CatalogMemory {
  readonly #types = new Map<number, RememberedType>();
  /** Newest first. */
  readonly #tables = new Map<number, readonly RememberedVersion[]>();
  readonly #unsaved = new Map<string, string | null>();

  /** As written down before. */
  constructor(entries: Readonly<Record<string, string>>) {
    for (const [name, json] of Object.entries(entries)) {
      const [kind, oid] = name.split(':');
      if (kind === 'type') this.#types.set(Number(oid), JSON.parse(json) as RememberedType);
      if (kind === 'table') this.#tables.set(Number(oid), JSON.parse(json) as RememberedVersion[]);
    }
  }

  get typeOids(): readonly number[] {
    return [...this.#types.keys()];
  }

  get tableOids(): readonly number[] {
    return [...this.#tables.keys()];
  }

  type(oid: number): TypeFacts | undefined {
    return this.#types.get(oid);
  }

  /** Newest first; the first may be gone as well. */
  versions(oid: number): readonly TableVersion[] {
    return this.#tables.get(oid) ?? [];
  }

  /** The catalog was asked for these types, and these are there. `walEnd`: the end of the WAL, read no earlier. */
  sawTypes(asked: readonly number[], found: ReadonlyMap<number, TypeFacts>, walEnd: Lsn): void {
    for (const [oid, facts] of found) this.#setType(oid, facts);
    for (const oid of asked) {
      const known = this.#types.get(oid);
      if (known && !found.has(oid) && known.until === undefined)
        this.#setType(oid, { ...known, until: lsnToHex(walEnd) });
    }
  }

  /** The same of tables. */
  sawTables(asked: readonly number[], found: ReadonlyMap<number, TableVersion>, walEnd: Lsn): void {
    const until = lsnToHex(walEnd);
    for (const [oid, version] of found) {
      const [newest, ...older] = this.#tables.get(oid) ?? [];
      if (newest && newest.until === undefined && isSame(newest, version)) continue;
      const outdated = newest && (newest.until === undefined ? { ...newest, until } : newest);
      this.#setTable(oid, [version, ...(outdated ? [outdated] : []), ...older]);
    }
    for (const oid of asked) {
      const [newest, ...older] = this.#tables.get(oid) ?? [];
      if (newest && !found.has(oid) && newest.until === undefined)
        this.#setTable(oid, [{ ...newest, until }, ...older]);
    }
  }

  /** Changes up to here are never read again. */
  forgetUntil(acknowledged: Lsn): void {
    const isPast = ({ until }: Outdated) => until !== undefined && lsnFromHex(until) <= acknowledged;
    for (const [oid, facts] of this.#types)
      if (isPast(facts)) {
        this.#types.delete(oid);
        this.#unsaved.set(`type:${oid}`, null);
      }
    for (const [oid, versions] of this.#tables) {
      const left = versions.filter(version => !isPast(version));
      if (left.length === versions.length) continue;
      if (left.length > 0) this.#setTable(oid, left);
      else {
        this.#tables.delete(oid);
        this.#unsaved.set(`table:${oid}`, null);
      }
    }
  }

  /** What has to be written down now. */
  get unsaved(): MemoryChanges {
    return new Map(this.#unsaved);
  }

  /** These have been. */
  saved(changes: MemoryChanges): void {
    for (const [name, json] of changes) if (this.#unsaved.get(name) === json) this.#unsaved.delete(name);
  }

  #setType(oid: number, facts: RememberedType): void {
    const json = JSON.stringify(facts);
    if (JSON.stringify(this.#types.get(oid)) === json) return;
    this.#types.set(oid, facts);
    this.#unsaved.set(`type:${oid}`, json);
  }

  #setTable(oid: number, versions: readonly RememberedVersion[]): void {
    this.#tables.set(oid, versions);
    this.#unsaved.set(`table:${oid}`, JSON.stringify(versions));
  }
}

/** Rewriting an index (REINDEX) makes no other key of it. */
function isSame(a: RememberedVersion, b: TableVersion): boolean {
  return JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}
