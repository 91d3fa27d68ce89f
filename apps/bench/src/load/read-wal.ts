import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Client, type Connection } from 'pg';
import { PUBLICATION } from '../cases/bench-config.js';
import { BenchError } from '../cases/bench-error.js';
import type { Drain } from '../cases/measurement.js';

export interface ReadWalOptions {
  readonly databaseUrl: string;
  readonly slot: string;
  /** LSN of the end of the backlog, `0/19F2B40`. */
  readonly endLsn: string;
  readonly changes: number;
}

/** Measures PostgreSQL's ceiling: reads the slot with pg_recvlogical or, if it is not installed, with a bare COPY. */
export async function timeWal(options: ReadWalOptions): Promise<Drain> {
  const seconds = (await byRecvlogical(options)) ?? (await byCopy(options));
  const cpu = { reader: null, workers: null, redis: null, postgres: null };
  return { changes: options.changes, seconds, cpu, peakRssBytes: null };
}

/** Seconds from the first byte to the last. Undefined if pg_recvlogical is not installed. */
async function byRecvlogical({ databaseUrl, slot, endLsn }: ReadWalOptions): Promise<number | undefined> {
  const url = new URL(databaseUrl);
  const child = spawn(
    'pg_recvlogical',
    [
      '--start',
      '--no-loop',
      '--slot',
      slot,
      '--endpos',
      endLsn,
      '--file',
      '-',
      '--fsync-interval',
      '0',
      '-o',
      'proto_version=1',
      '-o',
      `publication_names=${PUBLICATION}`,
      '-h',
      url.hostname,
      '-p',
      url.port,
      '-U',
      url.username,
      '-d',
      url.pathname.slice(1),
    ],
    { env: { ...process.env, PGPASSWORD: url.password }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let firstMs: number | undefined;
  let lastMs = 0;
  child.stdout.on('data', () => {
    lastMs = performance.now();
    firstMs ??= lastMs;
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code === 0 && firstMs !== undefined) return (lastMs - firstMs) / 1000;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  throw new BenchError('BENCH_RECVLOGICAL', `pg_recvlogical failed: ${complaint.trim()}`);
}

const INSERT = 'I'.charCodeAt(0);
/** Bytes of an XLogData message before the bytes of the output plugin. */
const HEADER_BYTES = 25;

async function byCopy({ databaseUrl, slot, changes }: ReadWalOptions): Promise<number> {
  const client = new Client({ connectionString: databaseUrl, replication: 'database' } as {
    connectionString: string;
  });
  await client.connect();
  const { connection } = client as Client & { connection: Connection };
  let firstMs: number | undefined;
  let inserts = 0;
  const seconds = new Promise<number>((resolve, reject) => {
    client.on('error', reject);
    connection.on('copyData', ({ chunk }: { chunk: Buffer }) => {
      if (chunk[HEADER_BYTES] !== INSERT) return;
      firstMs ??= performance.now();
      inserts += 1;
      if (inserts === changes) resolve((performance.now() - firstMs) / 1000);
    });
    client
      .query(
        `START_REPLICATION SLOT "${slot}" LOGICAL 0/0 (proto_version '1', publication_names '"${PUBLICATION}"')`,
      )
      .catch(reject);
  });
  try {
    return await seconds;
  } finally {
    connection.stream.destroy();
  }
}
