/** A reader of Debezium's Redis stream, as one writes it by hand: a consumer group, one transaction per read. */
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { ConsumerContext } from '../cases/bench-config.js';
import { streamName } from '../cases/table-shape.js';
import { makeAll, markDone } from './effect-sql.js';
import { Handled, nowMs } from './handled.js';

const COUNT = 100;
const GROUP = 'bench';

interface Envelope {
  readonly after: { readonly id: number } | null;
}
type Reply = [stream: string, records: [id: string, fields: [key: string, value: string]][]][] | null;

const context = JSON.parse(process.argv[2] as string) as ConsumerContext;
const stream = streamName(context.width);
const handled = new Handled();
const reading = new Redis(context.redisUrl, { maxRetriesPerRequest: null });
const answering = new Redis(context.redisUrl, { maxRetriesPerRequest: null });
const client = new Client(context.databaseUrl);
for (const connection of [reading, answering, client])
  connection.on('error', (error: Error) => console.error(error.message));
await client.connect();
await reading.xgroup('CREATE', stream, GROUP, '0', 'MKSTREAM');
handled.ready();

while (true) {
  const reply = (await reading.xreadgroup(
    'GROUP',
    GROUP,
    'one',
    'COUNT',
    COUNT,
    'BLOCK',
    0,
    'STREAMS',
    stream,
    '>',
  )) as Reply;
  const begunMs = nowMs();
  const records = (reply?.[0]?.[1] ?? []).map(([recordId, [, value]]) => ({ recordId, id: rowIdOf(value) }));
  const rows = records.flatMap(({ id }) => (id === undefined ? [] : [id]));
  if (context.work === 'once') await makeOnce(rows);
  for (const { recordId, id } of records) if (id !== undefined) handled.add(id, begunMs, recordId);
  await answering.xack(stream, GROUP, ...records.map(({ recordId }) => recordId));
}

/** A record's id differs when Debezium sends the row again, so the row itself is marked. */
async function makeOnce(ids: readonly number[]): Promise<void> {
  await client.query('BEGIN');
  const { rows } = await client.query<{ change_id: string }>(markDone(ids.map(String)));
  await client.query(makeAll(rows.map(({ change_id }) => change_id)));
  await client.query('COMMIT');
}

function rowIdOf(value: string): number | undefined {
  const parsed = JSON.parse(value) as Envelope & { readonly payload?: Envelope };
  return (parsed.payload ?? parsed).after?.id;
}
