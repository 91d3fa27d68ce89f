/**
 * Measures Redis's ceiling: calls the enqueue script as capture does, with jobs from memory. Their data repeats the
 * workload's first rows.
 */
import { positionText } from '@walmq/change';
import { connectProducer, Enqueuer, type Job } from '@walmq/fanout';
import { Client } from 'pg';
import { benchConfig, type ContenderContext, PREFIX } from '../cases/bench-config.js';
import { BenchError } from '../cases/bench-error.js';
import { tableName } from '../cases/table-shape.js';
import { changeOf } from './change-of.js';

const TEMPLATES = 1000;
const COMMIT_LSN = '00000000019F2B40';
const START = positionText(COMMIT_LSN, 0);
const CHECKPOINT_KEY = `${PREFIX}:walmq:checkpoint:bench`;

const context = JSON.parse(process.argv[2] as string) as ContenderContext;
const templates = await readTemplates(context);
const config = benchConfig(context);
const setup = await connectProducer(context.redisUrl);
await setup.hset(CHECKPOINT_KEY, 'position', START);
setup.disconnect();

const enqueuer = new Enqueuer({
  // With appendfsync always, and without a file, the reply is the confirmation.
  connect: async () => ({ redis: await connectProducer(context.redisUrl), confirm: async () => {} }),
  shard: 0,
  queues: Object.values(config.queues),
  checkpointKey: CHECKPOINT_KEY,
  position: START,
  limits: { jobs: config.capture.batchChanges, bytes: config.capture.batchBytes },
  batchesInFlight: config.capture.batchesInFlight,
  onEnqueued: () => {},
  onDurable: () => {},
  onPause: () => {},
  onResume: () => {},
});
for (let seq = 1; seq <= context.changes; seq++) {
  const position = positionText(COMMIT_LSN, seq);
  await enqueuer.add([jobAt(seq, position)], position);
}
await enqueuer.drain();
// Keep the process alive until it is stopped, so that the parent can ask for its resource usage.
setInterval(() => {}, 60_000);

function jobAt(seq: number, position: string): Job {
  return {
    queue: 0,
    id: `${position}-abcdef`,
    name: 'insert',
    data: templates[seq % templates.length] as string,
    orderingKeys: [`"${seq}"`],
  };
}

async function readTemplates({ databaseUrl, width }: ContenderContext): Promise<string[]> {
  const client = new Client(databaseUrl);
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT * FROM ${tableName(width)} ORDER BY id LIMIT ${TEMPLATES}`,
  );
  await client.end();
  if (rows.length === 0) throw new BenchError('BENCH_EMPTY', 'the workload has no rows to make jobs of.');
  const tx = { xid: 123_456, lsn: '0/19F2B40', committedAt: '2026-01-02T03:04:05.678901Z', seq: 1 };
  return rows.map(row =>
    JSON.stringify(changeOf({ table: tableName(width), row, id: positionText(COMMIT_LSN, 1), tx })),
  );
}
