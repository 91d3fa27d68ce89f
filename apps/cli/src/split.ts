import { qualifiedName, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { type QueueLoad, type SplitPart, splitQueues } from '@walmq/setup';
import type { ClientBase } from 'pg';

/**
 * `walmq setup --split <pipelines>`: which queues each of several pipelines should have, by the writes that PostgreSQL has
 * counted. Changes nothing. Rejects with SPLIT_IMPOSSIBLE if all queues are joined by their tables.
 */
export async function splitLines(client: ClientBase, config: WalmqConfig, parts: number): Promise<string[]> {
  const queues = Object.values(config.queues).map(queue => loadOf(queue, config));
  const split = splitQueues(queues, await readWrites(client, queues), parts);
  if (split.length === 1)
    throw new WalmqError(
      'SPLIT_IMPOSSIBLE',
      'every queue shares a table with another one, so each pipeline would read nearly everything.',
      { remedy: 'Divide the work of Redis instead: redis.shards.' },
    );
  return [
    ...split.flatMap((part, at) => linesOf(part, at + 1, config)),
    ...(split[0] && split[0].share > 0.7
      ? ['One pipeline keeps most of the writes, so a split gains little.']
      : []),
    'Shares are of the inserts, updates and deletes that PostgreSQL has counted (pg_stat_user_tables).',
    'How to move a queue without losing changes: docs/guides/pipelines.md.',
  ];
}

function loadOf({ name, tables, outbox }: WalmqConfig['queues'][string], config: WalmqConfig): QueueLoad {
  const names = tables.map(qualifiedName);
  if (outbox.length > 0 && config.outbox) names.push(qualifiedName(config.outbox));
  return { queue: name, tables: names };
}

/** Rows written since the statistics were reset, by table. A partitioned table has those of its partitions. */
async function readWrites(
  client: ClientBase,
  queues: readonly QueueLoad[],
): Promise<ReadonlyMap<string, number>> {
  const { rows } = await client.query<{ name: string; writes: number }>(
    `SELECT t.name, coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)::float8 AS writes
       FROM unnest($1::text[]) AS t (name)
       LEFT JOIN LATERAL (SELECT to_regclass(t.name)::oid AS relid
                           UNION SELECT relid::oid FROM pg_partition_tree(to_regclass(t.name))) AS member ON true
       LEFT JOIN pg_stat_user_tables s ON s.relid = member.relid
      GROUP BY t.name`,
    [[...new Set(queues.flatMap(({ tables }) => tables))]],
  );
  return new Map(rows.map(({ name, writes }) => [name, writes]));
}

function linesOf(
  { queues, tables, share }: SplitPart,
  number: number,
  { source, redis }: WalmqConfig,
): string[] {
  return [
    `pipeline ${number}  ${Math.round(share * 100)} % of the writes`,
    `  source: { slot: '${source.slot}_${number}', publication: '${source.publication}_${number}' }, redis: { prefix: '${redis.prefix}-${number}' }`,
    `  queues: ${queues.join(', ')}`,
    `  tables: ${tables.length === 0 ? 'none, only messages' : tables.join(', ')}`,
  ];
}
