import { type FoundChange, MAX_PARKED, type SearchedState, search } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { CommandIo } from '../terminal/command.js';
import { printable } from '../terminal/printable.js';
import type { OpenQueues } from './open-queues.js';
import { type FilterOptions, filterOf } from './options.js';

export interface PageOptions extends FilterOptions {
  /** Number of changes on the page. */
  readonly limit?: number;
  /** From the page before. */
  readonly cursor?: string;
  readonly json?: boolean;
}

const PAGE = 50;
/** Nobody waits at the terminal for more; a program goes on from the cursor. */
const LIMITS = { looked: 100_000, bytes: 256 * 1024 * 1024, ms: 10_000 };

/** One page of a search, which the dashboard's page does alike. Rejects with CURSOR_INVALID. */
export async function listPage(
  io: CommandIo,
  options: PageOptions & { readonly state: SearchedState },
  { redis, queues }: OpenQueues,
): Promise<void> {
  const { state, cursor, limit = PAGE, json } = options;
  const query = { state, filter: filterOf(options), queues: options.queue };
  const page = await search({ redis, queues, query, cursor, limits: { ...LIMITS, found: limit } });
  const changes = page.changes.map(visible);
  if (json) {
    io.print(JSON.stringify({ ...page, changes }, null, 2));
    return;
  }
  for (const change of changes) io.print(lineOf(change));
  const { looked, total, next } = page;
  if (changes.length === 0) io.print(next === undefined ? 'Nothing matches.' : 'Nothing matches so far.');
  io.print(
    next === undefined
      ? `Looked at all ${total} ${state} changes.`
      : `Looked at ${looked} of ${total} ${state} changes. Go on with the same options and: --cursor ${next}`,
  );
}

/** Without the passwords of connection URLs. */
function visible(change: FoundChange): FoundChange {
  const { reason, behind } = change;
  return {
    ...change,
    reason: reason && redact(reason),
    behind: behind && { ...behind, reason: redact(behind.reason) },
  };
}

function lineOf({
  at,
  queue,
  id,
  op,
  table,
  key,
  attempts,
  parked,
  reason,
  behind,
  isLong,
}: FoundChange): string {
  const what = nameOf({ op, table, key });
  const state =
    reason === null
      ? behind === null
        ? isLong
          ? 'behind a line of more than 100,000 changes'
          : 'behind a change that is not done'
        : `behind ${behind.id} (${nameOf(behind)}): ${firstLine(behind.reason)}`
      : `${attempts === 1 ? '1 try' : `${attempts} tries`}  ${parked === MAX_PARKED ? `${parked}+` : parked} parked  ${firstLine(reason)}`;
  return printable(`${at}  ${queue}  ${id}  ${what}  ${state}`);
}

function nameOf({ op, table, key }: Pick<FoundChange, 'op' | 'table' | 'key'>): string {
  return table === null ? op : `${op} ${table} ${JSON.stringify(key)}`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
