import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ContenderContext, PUBLICATION } from '../cases/bench-config.js';
import { tableName } from '../cases/table-shape.js';
import { cpuSecondsOf, peakRssBytesOf } from '../load/proc.js';
import type { Program } from '../load/program.js';
import { StartedProcess } from '../load/started-process.js';
import { PEERS_FOLDER } from './folder.js';
import { findJava } from './java.js';

export const DEBEZIUM_VERSION = '3.6.1.Final';
export const DEBEZIUM_FOLDER = join(PEERS_FOLDER, `debezium-server-${DEBEZIUM_VERSION}`);

/** For latency and large batches. The defaults are 500 ms (since the source waits for more), 2048, 8192 and 500. */
const TUNED = {
  'debezium.source.poll.interval.ms': '1',
  'debezium.source.max.batch.size': '10000',
  'debezium.source.max.queue.size': '40000',
  'debezium.sink.redis.batch.size': '2000',
};

/**
 * Starts Debezium Server with the Redis sink. Offsets are flushed at once, the values carry no schemas: both as one would
 * set it to lose and to send nothing that walmq does not. A second start with the same folder goes on from the offsets.
 */
export async function startDebezium({
  context,
  folder,
  isTuned,
}: {
  readonly context: ContenderContext;
  readonly folder: string;
  readonly isTuned: boolean;
}): Promise<Program> {
  const java = findJava();
  if (java === undefined) throw new Error('no Java: the contender should have been left out');
  await mkdir(join(folder, 'config'), { recursive: true });
  await mkdir(join(folder, 'data'), { recursive: true });
  const properties = { ...propertiesOf(context), ...(isTuned ? TUNED : {}) };
  const lines = Object.entries(properties).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(folder, 'config', 'application.properties'), lines.join(''));
  const classPath = [
    join(DEBEZIUM_FOLDER, `debezium-server-dist-${DEBEZIUM_VERSION}-runner.jar`),
    join(DEBEZIUM_FOLDER, 'config', 'lib'),
    join(DEBEZIUM_FOLDER, 'lib', '*'),
  ].join(':');
  const child = spawn(
    java,
    ['--add-opens', 'java.base/java.lang=ALL-UNNAMED', '-cp', classPath, 'io.debezium.server.Main'],
    { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const started = new StartedProcess(child);
  const pid = child.pid as number;
  return {
    usage: async () => ({ cpuSeconds: cpuSecondsOf(pid), peakRssBytes: peakRssBytesOf(pid) }),
    assertAlive: () => started.assertAlive(),
    stop: () => started.stop(),
    kill: () => started.kill(),
  };
}

function propertiesOf({ databaseUrl, redisUrl, slot, width }: ContenderContext): Record<string, string> {
  const database = new URL(databaseUrl);
  const redis = new URL(redisUrl);
  return {
    'debezium.sink.type': 'redis',
    'debezium.sink.redis.address': redis.host,
    'debezium.sink.redis.password': decodeURIComponent(redis.password),
    'debezium.source.connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'debezium.source.offset.storage.file.filename': 'data/offsets.dat',
    'debezium.source.offset.flush.interval.ms': '0',
    'debezium.source.database.hostname': database.hostname,
    'debezium.source.database.port': database.port,
    'debezium.source.database.user': database.username,
    'debezium.source.database.password': decodeURIComponent(database.password),
    'debezium.source.database.dbname': database.pathname.slice(1),
    'debezium.source.topic.prefix': 'bench',
    'debezium.source.plugin.name': 'pgoutput',
    'debezium.source.slot.name': slot,
    'debezium.source.publication.name': PUBLICATION,
    'debezium.source.publication.autocreate.mode': 'disabled',
    'debezium.source.snapshot.mode': 'no_data',
    'debezium.source.table.include.list': `public.${tableName(width)}`,
    'debezium.format.key.schemas.enable': 'false',
    'debezium.format.value.schemas.enable': 'false',
    'quarkus.http.port': '0',
    'quarkus.log.level': 'WARN',
    'quarkus.log.console.json': 'false',
  };
}
