import { createHash } from 'node:crypto';
import type { Digest, FoundJob } from './facts.js';

type Values = Readonly<Record<string, unknown>>;

/** A job with those fields of its data that the checker compares. */
export interface ParsedJob extends FoundJob {
  readonly name: string;
  readonly op: string;
  readonly key: string;
  readonly xid: bigint;
  readonly token: string;
  readonly old: Digest | null;
  readonly new: Digest | null;
  readonly before: Values | null;
  readonly after: Values | null;
  /** True for a change that a rewind sent again. */
  readonly rewound: boolean;
}

/** Order of the columns of each key. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  accounts: ['id'],
  lines: ['account', 'line'],
  docs: ['id'],
};

export function parseJob(job: FoundJob): ParsedJob {
  const { table, op, key, before, after, tx, rewound } = JSON.parse(job.data);
  const isEvent = op === 'message';
  const token = isEvent ? after.payload.token : (after ?? before)?.token;
  return {
    ...job,
    op,
    before,
    after,
    name: isEvent ? 'events' : table,
    key: isEvent ? JSON.stringify(after.key) : keyText(table, key),
    xid: BigInt(tx.xid),
    token: String(token ?? ''),
    old: isEvent ? null : digestOf(before),
    new: isEvent ? null : digestOf(after),
    rewound: rewound !== undefined,
  };
}

function keyText(table: string, key: Values | null): string {
  return key === null ? '' : JSON.stringify(KEYS[table]?.map(column => key[column]));
}

function digestOf(row: Values | null): Digest | null {
  if (row === null) return null;
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value === null ? null : md5(String(value))]),
  );
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
