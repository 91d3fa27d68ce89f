import { type Lsn, lsnFromHex, lsnToHex } from '@walmq/change';
import type { TypeFacts } from '../values/value-types.js';
import type { TableVersion } from './table-version.js';

/**
 * `until`: the end of the WAL when capture noticed that the catalog had changed, in 16 hex digits. Absent while current.
 */
interface Outdated {
  readonly until?: string;
}

type RememberedType = TypeFacts & Outdated;
type RememberedVersion = TableVersion & Outdated;

/** Entries to store, by name. Null: an entry to delete. */
export type MemoryChanges = ReadonlyMap<string, string | null>;

/**
 * Remembers descriptions of types and tables from the catalog, for as long as changes made under them may still be read. By
 * then the type or table may be altered or dropped. OIDs identify types and tables: the names of the entries are
 * `type:<oid>` and `table:<oid>`.
 */
export class CatalogMemory {
  readonly #types = new Map<number, RememberedType>();
  /** Newest first. */
  readonly #tables = new Map<number, readonly RememberedVersion[]>();
  readonly #unsaved = new Map<string, string | null>();

  /** `entries`: the stored entries, as JSON by name. */
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

  /** All known versions of a table, newest first. The newest may be outdated too, if the table was dropped. */
  versions(oid: number): readonly TableVersion[] {
    return this.#tables.get(oid) ?? [];
  }

  /**
   * Records a look at the catalog. `asked`: OIDs that the query asked for. `found`: types that exist. `walEnd`: the end
   * of the WAL, not earlier than the look.
   */
  sawTypes(asked: readonly number[], found: ReadonlyMap<number, TypeFacts>, walEnd: Lsn): void {
    for (const [oid, facts] of found) this.#setType(oid, facts);
    for (const oid of asked) {
      const known = this.#types.get(oid);
      if (known && !found.has(oid) && known.until === undefined)
        this.#setType(oid, { ...known, until: lsnToHex(walEnd) });
    }
  }

  /** Like `sawTypes`, for tables. */
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

  /** Forgets what was outdated at this position: changes up to `acknowledged` are never read again. */
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

  /** Entries that differ from the stored ones. */
  get unsaved(): MemoryChanges {
    return new Map(this.#unsaved);
  }

  /** Marks these entries as stored. An entry that has changed since stays unsaved. */
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

/** Ignores `keyXid`: a rewritten index (REINDEX) may have another `keyXid`, but has the same key. */
function isSame(a: RememberedVersion, b: TableVersion): boolean {
  return JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}
