import { normalTableName } from '@walmq/change';
import type { FailedFilter, SearchQuery } from '@walmq/operations';

/** Parameters of the page, as a URL has them: a parameter may come several times. */
export type SearchParameters = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The fields of the form, as they were typed. */
export const FIELDS = [
  'state',
  'table',
  'key',
  'reason',
  'text',
  'since',
  'until',
  'queue',
  'group',
] as const;
export type Field = (typeof FIELDS)[number];
export type Typed = Readonly<Partial<Record<Field, string>>>;

/** What is looked for: failed or parked changes page by page, or all unfinished changes of one key. */
export type Question =
  | { readonly by: 'state'; readonly query: SearchQuery }
  | { readonly by: 'key'; readonly table: string; readonly key: readonly string[] };

export interface Asked {
  readonly typed: Typed;
  /** What is wrong, by field, as sentences. With a problem there is no question. */
  readonly problems: Readonly<Partial<Record<Field, string>>>;
  readonly question: Question | undefined;
}

const NEEDS_ROWS: readonly Field[] = ['key', 'text'];

/**
 * The question in the parameters. Somebody who may not see rows cannot ask by key or text. (The search also compares only what
 * its viewer may see.)
 */
export function askedBy(
  parameters: SearchParameters,
  { maySeeRows }: { readonly maySeeRows: boolean },
): Asked {
  const typed = Object.fromEntries(
    FIELDS.map(field => [field, [parameters[field] ?? ''].flat()[0]?.trim() ?? '']).filter(
      ([, text]) => text,
    ),
  ) as Typed;
  const problems: Partial<Record<Field, string>> = {};
  for (const field of NEEDS_ROWS)
    if (typed[field] !== undefined && !maySeeRows)
      problems[field] = 'Your role sees no rows: it cannot search in them.';
  const since = timeOf(typed.since);
  const until = timeOf(typed.until);
  if (Number.isNaN(since)) problems.since = 'This is no time: write 2026-01-31T10:00.';
  if (Number.isNaN(until)) problems.until = 'This is no time: write 2026-01-31T10:00.';
  const state = typed.state ?? 'failed';
  if (!['failed', 'parked', 'waiting'].includes(state)) problems.state = 'There is no such state.';
  if (state === 'waiting') {
    if (typed.table === undefined) problems.table = 'Waiting changes are found by their key: name the table.';
    if (typed.key === undefined) problems.key ??= 'Waiting changes are found by their key: give its value.';
  }
  if (Object.keys(problems).length > 0) return { typed, problems, question: undefined };
  const key = typed.key === undefined ? [] : typed.key.split(',').map(part => part.trim());
  if (state === 'waiting')
    return { typed, problems, question: { by: 'key', table: typed.table as string, key } };
  const filter: FailedFilter = {
    ...given('table', typed.table === undefined ? undefined : normalTableName(typed.table)),
    ...given('reason', typed.reason),
    ...given('text', typed.text),
    ...given('group', typed.group),
    ...given('failedFromMs', since),
    ...given('failedToMs', until),
    ...keyFilter(key),
  };
  const queues = typed.queue === undefined ? undefined : [typed.queue];
  return {
    typed,
    problems,
    question: { by: 'state', query: { state: state as SearchQuery['state'], filter, queues } },
  };
}

/** `id=42` names a column, `42` is a value of the key in the order of its columns. */
function keyFilter(key: readonly string[]): Pick<FailedFilter, 'key' | 'keyValues'> {
  if (key.length === 0) return {};
  const pairs = key.map(part => /^([^=]+)=(.*)$/s.exec(part));
  return pairs.every(pair => pair !== null)
    ? { key: Object.fromEntries(pairs.map(([, column, value]) => [column?.trim(), value])) }
    : { keyValues: key };
}

/** Times of the form are in UTC, as those that the pages show. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return Date.parse(/[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
}

function given<K extends string, T>(name: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [P in K]?: T });
}
