import { createHash } from 'node:crypto';
import type { Digest, Facts, FoundJob, LoggedChange } from './facts.js';

interface Version {
  readonly n: number;
  readonly op: 'insert' | 'update' | 'delete' | 'truncate';
  readonly id: number;
  readonly token: number;
}

/** For tests: the history of two rows, with a truncate, as the triggers log it. */
export const HISTORY: readonly Version[] = [
  { n: 1, op: 'insert', id: 1, token: 101 },
  { n: 2, op: 'insert', id: 2, token: 102 },
  { n: 3, op: 'update', id: 1, token: 103 },
  { n: 4, op: 'update', id: 1, token: 104 },
  { n: 5, op: 'truncate', id: 0, token: 105 },
  { n: 6, op: 'insert', id: 1, token: 106 },
  { n: 7, op: 'delete', id: 1, token: 106 },
];

/** For tests: facts without a fault, of a queue that takes the table. */
export function soundFacts(): Facts {
  const log = HISTORY.map(logged);
  const jobs = HISTORY.map(job);
  return {
    log,
    jobs,
    effects: jobs.map(({ queue, changeId }, at) => ({ n: BigInt(at + 1), queue, changeId })),
    acts: [],
    rows: [],
    tables: { singles: ['accounts'] },
    orderedBy: {},
    actQueues: [],
    backfilled: [],
  };
}

export function positionOf(n: number): string {
  return `${String(n).padStart(16, '0')}-0000000001`;
}

function rowOf({ id, token }: Version) {
  return { id, token: String(token), note: `n${token}` };
}

function logged(version: Version): LoggedChange {
  const { n, op, id, token } = version;
  const digest = digestOf(rowOf(version));
  return {
    n: BigInt(n),
    xid: BigInt(1000 + n),
    name: 'accounts',
    op,
    key: op === 'truncate' ? '' : `[${id}]`,
    token: String(token),
    old: op === 'delete' ? digest : op === 'update' ? digestOf(rowOf(formerOf(version))) : null,
    new: op === 'insert' || op === 'update' ? digest : null,
  };
}

export function job(version: Version): FoundJob {
  const { n, op, id } = version;
  const row = rowOf(version);
  const data = {
    op,
    table: 'accounts',
    key: op === 'truncate' ? null : { id },
    before: op === 'delete' ? row : op === 'update' ? rowOf(formerOf(version)) : null,
    after: op === 'insert' || op === 'update' ? row : null,
    tx: { xid: 1000 + n },
  };
  return {
    queue: 'singles',
    jobId: `${positionOf(n)}-abc`,
    changeId: positionOf(n),
    data: JSON.stringify(data),
    state: 'completed',
    added: 1,
  };
}

function formerOf({ n, id }: Version): Version {
  return HISTORY.findLast(version => version.id === id && version.n < n) as Version;
}

function digestOf(row: Readonly<Record<string, unknown>>): Digest {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [
      column,
      createHash('md5').update(String(value)).digest('hex'),
    ]),
  );
}
