import type { ChangeName } from '@walmq/change';

/** Changes of one table and operation. */
export interface ChangeCount extends Omit<ChangeName, 'id'> {
  readonly count: number;
}

/** Counts changes, so that a run of the stream is reported once and not change by change. */
export class ChangeTally {
  #counts: { op: ChangeName['op']; schema: string; table: string; count: number }[] = [];

  /** Neighbours are mostly of one table and operation: they share a count. */
  add({ op, schema, table }: ChangeName): void {
    const last = this.#counts.at(-1);
    if (last && last.op === op && last.table === table && last.schema === schema) last.count += 1;
    else this.#counts.push({ op, schema, table, count: 1 });
  }

  /** What was added since the last time. */
  take(): readonly ChangeCount[] {
    const counts = this.#counts;
    if (counts.length > 0) this.#counts = [];
    return counts;
  }
}
