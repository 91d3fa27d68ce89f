/**
 * The hand-written alternative: pg-logical-replication's service and pgoutput plugin, as its README shows. Adds the
 * changes that have arrived with `queue.addBulk`, one call after the other, and acknowledges them.
 */
import type { Change } from '@walmq/change';
import { jobOptions } from '@walmq/fanout';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { benchConfig, type ContenderContext, PREFIX, PUBLICATION, QUEUE } from '../cases/bench-config.js';
import { changeOf } from './change-of.js';

interface Arrived {
  readonly change: Change;
  readonly lsn: string;
}

/** Maximum number of jobs in one call, as walmq's default. */
const BATCH_JOBS = 500;

const context = JSON.parse(process.argv[2] as string) as ContenderContext;
const config = benchConfig(context);
const queue = new Queue(QUEUE, {
  connection: new Redis(context.redisUrl, { maxRetriesPerRequest: null }),
  prefix: PREFIX,
  // The benchmark sets how many events the queue keeps.
  skipMetasUpdate: true,
  defaultJobOptions: jobOptions(config.queues[QUEUE] as (typeof config.queues)[string]),
});
const service = new LogicalReplicationService(
  { connectionString: context.databaseUrl },
  { acknowledge: { auto: false, timeoutSeconds: 0 } },
);
const plugin = new PgoutputPlugin({ protoVersion: 1, publicationNames: [PUBLICATION] });

let arrived: Arrived[] = [];
let wake = () => {};
let tx = { xid: 0, lsn: '', committedAt: '', seq: 0 };

service.on('data', (lsn: string, message: Pgoutput.Message) => {
  if (message.tag === 'begin') {
    tx = {
      xid: message.xid,
      lsn: message.commitLsn ?? '',
      committedAt: isoTime(message.commitTime as bigint),
      seq: 0,
    };
  } else if (message.tag === 'insert') {
    tx = { ...tx, seq: tx.seq + 1 };
    const id = `${tx.lsn.replace('/', '-')}-${tx.seq}`;
    arrived.push({ change: changeOf({ table: message.relation.name, row: message.new, id, tx }), lsn });
    wake();
  }
});
service.on('error', (error: Error) => {
  console.error(error.message);
  process.exit(1);
});

await Promise.race([service.subscribe(plugin, context.slot), addWhatArrives()]);

async function addWhatArrives(): Promise<never> {
  while (true) {
    if (arrived.length === 0)
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    const taken = arrived;
    arrived = [];
    for (let at = 0; at < taken.length; at += BATCH_JOBS) {
      const batch = taken.slice(at, at + BATCH_JOBS);
      await queue.addBulk(
        batch.map(({ change }) => ({ name: change.op, data: change, opts: { jobId: change.id } })),
      );
      await service.acknowledge(batch.at(-1)?.lsn as string);
    }
  }
}

/** Converts microseconds since 1970, the form in which the package returns times. */
function isoTime(microseconds: bigint): string {
  const iso = new Date(Number(microseconds / 1000n)).toISOString();
  return `${iso.slice(0, -1)}${String(microseconds % 1000n).padStart(3, '0')}Z`;
}
