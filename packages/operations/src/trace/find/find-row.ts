import {
  type Change,
  didYouMean,
  type Json,
  parseTableName,
  type Row,
  type TableName,
  tableName,
  WalmqError,
} from '@walmq/change';
import { publishedTables, type QueueConfig, type TableRoute } from '@walmq/config';
import { QueueView } from '@walmq/fanout';
import {
  readRowNow,
  readTypedTable,
  readTypedValue,
  type TypedColumn,
  type TypedTable,
} from '@walmq/replication';
import type { ClientBase } from 'pg';
import { queuesHiding, shownData } from '../hide.js';
import { readLogs } from '../read-logs.js';
import type { TraceNote, TraceQuery } from '../trace.js';
import { type Found, readerOf, type Scope } from './found.js';
import { guessedKey, isKey, type KeyValues, typedKey } from './key-values.js';
import {
  followLine,
  type Line,
  MOST_COMPLETED,
  MOST_FOLLOWED,
  MOST_SEARCHED,
  searchAmong,
  searchCompleted,
  searchUnfinished,
} from './search-queue.js';

type RowQuery = Extract<TraceQuery, { by: 'row' }>;

/** A queue that takes the table, with how it shows keys. */
interface Taker {
  readonly queue: QueueConfig;
  readonly route: TableRoute;
  /** Undefined if the secret of a mask is not set here. */
  readonly view: QueueView | undefined;
}

/** Finds the changes of a row. Throws TABLE_NOT_TAKEN, KEY_INVALID or KEY_HIDDEN. */
export async function findRow(scope: Scope, query: RowQuery): Promise<Found> {
  const name = knownTable(scope, query.table);
  const takers = takersOf(scope, name);
  const { key, table } = await readKey(scope, name, query);
  if (!scope.mayNameHidden)
    refuseHidden(scope, name, [...(table?.key ?? []), ...orderColumns(takers, query)]);
  const notes: TraceNote[] = takers.flatMap(({ queue, view }) => (view ? [] : [noMaskKey(queue)]));
  const logs =
    scope.client && key.keys.length > 0 ? await readLogs(scope.client, { table: name, keys: key.keys }) : [];
  const accepts = (change: Change, queue: QueueConfig) => {
    const taker = takers.find(each => each.queue.name === queue.name);
    return isOfTable(change, name) && isKey(key, change.key as Row | null, shownBy(taker?.view));
  };

  const changes = new Map<string, Change>();
  const lines = new Map<string, Line>();
  const seen: Change[] = [];
  for (const { queue } of takers) {
    const reader = readerOf(scope, queue);
    const nearest: Change[] = [];
    const done = await searchCompleted({
      reader,
      matches: change => {
        if (isOfTable(change, name) && nearest.length < MOST_NEAREST)
          nearest.push(shownData(Object.values(scope.config.queues), queue.name, change));
        return accepts(change, queue);
      },
    });
    for (const [id, change] of done.changes) changes.set(id, change);
    seen.push(...nearest);
    if (!done.isWhole) notes.push(completedBound(queue));
  }
  for (const taker of takers.filter(({ route }) => route.orderBy === 'key')) {
    const keys = taker.view
      ? key.orderingTexts.map(text => taker.view?.rowKey(taker.route, text) as string)
      : [];
    await follow(taker, keys);
  }
  // A column that orders a queue: its values stand in the changes that were found, and in the row as it is now.
  const found = [...changes.values(), ...logs.flatMap(log => log.changes.map(({ change }) => change))];
  for (const taker of takers.filter(({ route }) => route.orderBy !== 'key'))
    await follow(taker, await columnKeys(taker, found));

  async function follow(taker: Taker, orderingKeys: readonly string[]): Promise<void> {
    const { queue, route } = taker;
    const reader = readerOf(scope, queue);
    const matches = (change: Change) => accepts(change, queue);
    if (orderingKeys.length > 0) {
      const line = await followLine(reader, orderingKeys);
      lines.set(queue.name, line);
      if (!line.isWhole) notes.push(lineBound(queue));
      const among = await searchAmong({ reader, matches }, line.ids);
      for (const [id, change] of among.changes) changes.set(id, change);
      if (!among.isWhole) notes.push(amongBound(queue, line.ids.length));
      return;
    }
    const { changes: searched, isWhole } = await searchUnfinished({ reader, matches });
    for (const [id, change] of searched) changes.set(id, change);
    if (!isWhole) notes.push(searchBound(queue, route));
  }

  async function columnKeys({ route, view }: Taker, known: readonly Change[]): Promise<string[]> {
    const { orderBy } = route;
    if (orderBy === false || orderBy === 'key' || !view) return [];
    const texts = new Set<string>();
    for (const text of await columnTexts(orderBy.column, known)) {
      const ordering = await orderingText(scope.client, table?.columns.get(orderBy.column), text);
      if (ordering !== undefined) texts.add(view.rowKey(route, ordering));
    }
    return [...texts];
  }

  async function columnTexts(column: string, known: readonly Change[]): Promise<string[]> {
    if (query.orderKey !== undefined) return [query.orderKey];
    const values = known.flatMap(({ before, after }) => [before?.[column], after?.[column]]);
    const now = scope.client && table ? await rowNow(scope.client, name, key, [column]) : undefined;
    return [
      ...new Set([
        ...values.filter(value => value != null).map(textOf),
        ...(now?.[column] != null ? [now[column]] : []),
      ]),
    ];
  }

  const isKnown = changes.size > 0 || logs.some(log => log.changes.length > 0);
  if (!isKnown) notes.push(...(await whyNothing(scope, { name, key, table, seen })));
  return {
    title: `${tableName(name)} ${key.columns.map(({ text }) => text).join(' ')}`,
    queues: takers.map(({ queue }) => queue),
    jobIds: new Set(changes.keys()),
    logs,
    lines,
    accepts,
    notes,
  };
}

/** The columns whose value the question gives beside the key. */
function orderColumns(takers: readonly Taker[], { orderKey }: RowQuery): string[] {
  if (orderKey === undefined) return [];
  return takers.flatMap(({ route }) => (typeof route.orderBy === 'object' ? [route.orderBy.column] : []));
}

/** Throws KEY_HIDDEN. */
function refuseHidden({ config }: Scope, name: TableName, columns: readonly string[]): void {
  for (const column of columns) {
    const [queue] = queuesHiding(Object.values(config.queues), name, column);
    if (queue === undefined) continue;
    throw new WalmqError(
      'KEY_HIDDEN',
      `queue ${queue} hides ${column} of ${tableName(name)}, so rows are not found by its value.`,
      { remedy: 'Ask by the id of a change, or let an operator ask.' },
    );
  }
}

/** Throws TABLE_NOT_TAKEN with the nearest name. */
function knownTable({ config }: Scope, text: string): TableName {
  const name = parseTableName(text);
  const tables = publishedTables(config);
  const known = name && tables.find(({ schema, table }) => schema === name.schema && table === name.table);
  if (known) return known;
  const names = tables.map(tableName);
  throw new WalmqError('TABLE_NOT_TAKEN', `no queue takes the table ${text}.${didYouMean(text, names)}`, {
    remedy:
      names.length > 0 ? `The queues take: ${names.join(', ')}.` : 'Give a queue a table in walmq.config.ts.',
  });
}

function takersOf({ config }: Scope, { schema, table }: TableName): Taker[] {
  return Object.values(config.queues).flatMap(queue => {
    const route = queue.tables.find(each => each.schema === schema && each.table === table);
    return route ? [{ queue, route, view: viewOf(queue) }] : [];
  });
}

function viewOf(queue: QueueConfig): QueueView | undefined {
  try {
    return new QueueView(queue);
  } catch (error) {
    if (error instanceof WalmqError && error.code === 'MASK_KEY_MISSING') return undefined;
    throw error;
  }
}

function shownBy(view: QueueView | undefined) {
  if (!view) return undefined;
  return (column: string, json: string) => {
    const shape = view.column(column, true);
    if (shape === 'keep') return json;
    return shape === 'omit' ? undefined : shape(json);
  };
}

async function readKey(
  { client }: Scope,
  name: TableName,
  { key: words }: RowQuery,
): Promise<{ key: KeyValues; table: TypedTable | undefined }> {
  const table = client && (await readTypedTable(client, name));
  if (!client || !table) return { key: guessedKey(words), table: undefined };
  return { key: await typedKey(client, { name, table, words }), table };
}

async function orderingText(
  client: ClientBase | undefined,
  column: TypedColumn | undefined,
  text: string,
): Promise<string | undefined> {
  if (!client || !column) return JSON.stringify(text);
  return (await readTypedValue(client, column, text))?.ordering;
}

async function rowNow(
  client: ClientBase,
  name: TableName,
  { columns }: KeyValues,
  wanted: readonly string[],
) {
  const key = columns.flatMap(({ column, text }) => (column ? [{ column, text }] : []));
  return await readRowNow(client, name, { key, columns: wanted });
}

function isOfTable({ schema, table, op }: Change, name: TableName): boolean {
  return op !== 'message' && schema === name.schema && table === name.table;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const MOST_NEAREST = 500;

/** Why nothing was found: whether there is such a row, and which keys are known. */
async function whyNothing(
  { client }: Scope,
  {
    name,
    key,
    table,
    seen,
  }: { name: TableName; key: KeyValues; table: TypedTable | undefined; seen: readonly Change[] },
): Promise<TraceNote[]> {
  const notes: TraceNote[] = [];
  const now = client && table ? await rowNow(client, name, key, []) : undefined;
  if (now)
    notes.push(
      noteOf(
        'row-there',
        null,
        'The table has this row now. Its changes are older than what is still known, or capture has not enqueued them yet, or no queue takes them.',
      ),
    );
  if (now === null) notes.push(noteOf('row-gone', null, 'The table has no such row now.'));
  const typed = key.columns.map(({ text }) => text).join(' ');
  const known = new Set(
    seen.map(change =>
      Object.values(change.key ?? {})
        .map(textOf)
        .join(' '),
    ),
  );
  const nearest = didYouMean(
    typed,
    [...known].filter(text => text !== typed),
  );
  // The row is there, so its key is no slip.
  if (!now && nearest !== '') notes.push(noteOf('nearest', null, nearest.trim()));
  return notes;
}

function noteOf(code: TraceNote['code'], queue: string | null, text: string): TraceNote {
  return { code, queue, text };
}

function noMaskKey({ name }: QueueConfig): TraceNote {
  return noteOf(
    'mask-key',
    name,
    `Queue ${name} hashes a column with a secret that is not set here, so its changes are found by their ids alone. Set the secret that queues.${name}.mask reads.`,
  );
}

function completedBound({ name }: QueueConfig): TraceNote {
  return noteOf(
    'completed-bound',
    name,
    `Of queue ${name} the newest ${MOST_COMPLETED} completed changes were searched, not all that it keeps.`,
  );
}

function lineBound({ name }: QueueConfig): TraceNote {
  return noteOf(
    'chain-bound',
    name,
    `More than ${MOST_FOLLOWED} changes wait for each other in queue ${name}: the line was not followed to its head.`,
  );
}

function amongBound({ name }: QueueConfig, length: number): TraceNote {
  return noteOf(
    'chain-bound',
    name,
    `${length} changes wait for each other in queue ${name}: the first and the last ${MOST_SEARCHED} were searched for this row.`,
  );
}

function searchBound({ name }: QueueConfig, { orderBy }: TableRoute): TraceNote {
  const searched = `the first and the last ${MOST_SEARCHED} of each state were searched`;
  return orderBy === false || orderBy === 'key'
    ? noteOf('search-bound', name, `Queue ${name} has no index by row: ${searched}.`)
    : noteOf(
        'order-key',
        name,
        `Queue ${name} is ordered by ${orderBy.column}, and the value of this row is not known: ${searched}. Name the value: --order-key <${orderBy.column}>.`,
      );
}
