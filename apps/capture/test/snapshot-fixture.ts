import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';

/** For tests: a server's data as it was at one moment, as a snapshot of its volume keeps it. */
export interface Snapshot {
  /** Sets the server back to it, as a restored volume does: on the same timeline. */
  restore(): Promise<void>;
  /** A second server with the same data, byte by byte, on a port of its own. */
  clone(): Promise<EmbeddedPostgres>;
  [Symbol.asyncDispose](): Promise<void>;
}

const copy = (from: string, to: string) => promisify(execFile)('cp', ['-a', from, to]);

/** Kills the server, so that the copy is of one moment, and starts it again. */
export async function takeSnapshot(postgres: EmbeddedPostgres): Promise<Snapshot> {
  const folder = await mkdtemp(join(tmpdir(), 'walmq-snapshot-'));
  const kept = join(folder, 'data');
  await postgres.kill('SIGKILL');
  await copy(postgres.dataDir, kept);
  await postgres.restart();
  return {
    async restore() {
      await postgres.kill('SIGKILL');
      await rm(postgres.dataDir, { recursive: true });
      await copy(kept, postgres.dataDir);
      await postgres.restart();
    },
    async clone() {
      const second = await startPostgres();
      const { dataDir } = second;
      await second.kill('SIGKILL');
      const settings = await readFile(join(dataDir, 'walmq.conf'), 'utf8');
      await rm(dataDir, { recursive: true });
      await copy(kept, dataDir);
      await rm(join(dataDir, 'postmaster.pid'), { force: true });
      await writeFile(join(dataDir, 'walmq.conf'), settings);
      // The cluster's password is the original's; the clone is started with its own.
      await writeFile(join(dataDir, 'pg_hba.conf'), 'host all all 127.0.0.1/32 trust\n');
      await appendFile(join(dataDir, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 trust\n');
      await second.restart();
      return second;
    },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
