import {
  type ColumnShape,
  type Json,
  parseTableName,
  qualifiedName,
  tableName,
  WalmqError,
} from '@walmq/change';
import type { QueueConfig, TableRoute, WalmqConfig } from '@walmq/config';
import { QueueView } from '@walmq/fanout';
import { readTypedTable, readTypedValue, type TypedTable, type TypedValue } from '@walmq/replication';
import type { ClientBase } from 'pg';
import { HIDDEN } from '../trace/hide.js';

/** A key as a person typed it. */
export interface TypedKeyOfQueue {
  readonly queue: string;
  readonly table?: string | undefined;
  /** The key is of events, not of a row. */
  readonly event?: boolean | undefined;
  /** Values by column, or values in the order of the key. */
  readonly named: ReadonlyMap<string, string>;
  readonly bare: readonly string[];
}

export interface ResolvedKey {
  readonly queue: QueueConfig;
  /** An event's key may be ordered under several names: as a message, and as a row of the outbox of each type. */
  readonly orderingKeys: readonly string[];
  /** `orders id=42`, also where `042` was typed; a column that the queue hides, as the queue shows it. */
  readonly label: string;
  readonly table: string | undefined;
}

/**
 * Finds the ordering key that a person means, as capture writes it: PostgreSQL reads the values as it reads literals of the columns'
 * types. Rejects with QUEUE_UNKNOWN, OPTION_MISSING, TABLE_NOT_IN_QUEUE, TABLE_MISSING, KEY_INVALID or MASK_KEY_MISSING.
 */
export async function resolveKey(
  client: ClientBase,
  config: WalmqConfig,
  { queue: name, table, event, named, bare }: TypedKeyOfQueue,
): Promise<ResolvedKey> {
  const queue = queueOf(config, name);
  const view = new QueueView(queue);
  if (event || queue.tables.length === 0) {
    const [text, ...more] = bare;
    const orderingKeys = text === undefined || more.length > 0 ? [] : view.eventKeys(text);
    if (orderingKeys.length === 0)
      throw invalid(
        `the queue "${name}" takes no events with this key`,
        'Give the one key of an event: its orderingKey, or the id of its aggregate.',
      );
    return { queue, orderingKeys, label: `event ${text}`, table: undefined };
  }
  const route = routeOf(queue, table);
  if (route.orderBy === false)
    throw invalid(
      `the queue "${name}" does not order ${tableName(route)}`,
      'Pause the queue as a whole in Bull Board.',
    );
  const typed = await readTypedTable(client, route);
  if (!typed)
    throw new WalmqError('TABLE_MISSING', `there is no table ${qualifiedName(route)}.`, {
      remedy: 'Correct its name in walmq.config.ts.',
    });
  const columns = route.orderBy === 'key' ? typed.key : [route.orderBy.column];
  if (columns.length === 0)
    throw invalid(
      `${qualifiedName(route)} has no key, so its changes are one line`,
      'Pause the queue as a whole in Bull Board.',
    );
  const texts = await valuesOf(client, { columns, named, bare, typed, route });
  const orderingKey = view.rowKey(route, texts.map(({ ordering }) => ordering).join(','));
  const shown = texts.map(
    value => `${value.column}=${shownText(view.column(value.column, route.orderBy === 'key'), value)}`,
  );
  const label = `${tableName(route)} ${shown.join(' ')}`;
  return { queue, orderingKeys: [orderingKey], label, table: tableName(route) };
}

export function queueOf(config: WalmqConfig, name: string): QueueConfig {
  const queue = config.queues[name];
  if (queue) return queue;
  throw new WalmqError('QUEUE_UNKNOWN', `there is no queue "${name}" in the configuration.`, {
    remedy: `Its queues are: ${Object.keys(config.queues).join(', ')}.`,
  });
}

function routeOf({ name, tables }: QueueConfig, wanted: string | undefined): TableRoute {
  const names = tables.map(qualifiedName);
  const remedy = `Its tables are: ${names.join(', ')}.`;
  if (wanted === undefined) {
    const [only, ...more] = tables;
    // Tables that share the order of one column share their keys.
    if (only && (more.length === 0 || tables.every(({ orderBy }) => typeof orderBy === 'object')))
      return only;
    throw new WalmqError(
      'OPTION_MISSING',
      `the queue "${name}" takes several tables, and --table selects none.`,
      { remedy },
    );
  }
  const parsed = parseTableName(wanted);
  const route = tables[names.indexOf(parsed ? qualifiedName(parsed) : '')];
  if (route) return route;
  throw new WalmqError('TABLE_NOT_IN_QUEUE', `the queue "${name}" does not take ${wanted}.`, { remedy });
}

interface Wanted {
  readonly columns: readonly string[];
  readonly named: ReadonlyMap<string, string>;
  readonly bare: readonly string[];
  readonly typed: TypedTable;
  readonly route: TableRoute;
}

async function valuesOf(client: ClientBase, { columns, named, bare, typed, route }: Wanted) {
  const given = named.size + bare.length;
  const shape = `Write it as: ${columns.map(column => `${column}=<value>`).join(' ')}`;
  if (given !== columns.length || (named.size > 0 && bare.length > 0))
    throw invalid(
      `the key of ${qualifiedName(route)} is (${columns.join(', ')}), and ${given} values were given`,
      shape,
    );
  return await Promise.all(
    columns.map(async (column, index) => {
      const text = named.size > 0 ? named.get(column) : bare[index];
      const type = typed.columns.get(column);
      if (text === undefined || !type) throw invalid(`the key has no value for ${column}`, shape);
      const value = await readTypedValue(client, type, text);
      if (!value)
        throw invalid(`${JSON.stringify(text)} is no value of ${column}, which is ${type.typeName}`, shape);
      return value;
    }),
  );
}

/** The log of operators must not hold what the queue hides, since more people may read it. */
function shownText(shape: ColumnShape, { ordering, jsons: [json = 'null'] }: TypedValue): string {
  if (shape === 'omit') return HIDDEN;
  const value = JSON.parse(shape === 'keep' ? ordering : shape(json)) as Json;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function invalid(what: string, remedy: string): WalmqError {
  return new WalmqError('KEY_INVALID', `${what}.`, { remedy });
}
