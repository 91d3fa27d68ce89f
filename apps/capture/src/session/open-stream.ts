import type { WalmqConfig } from '@walmq/config';
import { askBackends, type DatabaseUrl, endBackends, ownConnection } from '@walmq/postgres';
import { CAPTURE_NAME, ReplicationStream, readSenderTimeoutMs } from '@walmq/replication';
import type { ClientConfig } from 'pg';
import type { Control } from '../postgres/control.js';

/** More only fills the heap: with 1 MiB a transaction of a million rows peaked at 256 MiB of memory, with this at 181. */
const HIGH_WATER_BYTES = 128 * 1024;
export const STATUS_INTERVAL_MS = 1000;
/** A time-out of the role's or the server's that is near the interval of our statuses would cut a healthy stream. */
const SHORTEST_SENDER_TIMEOUT_MS = 2000;

export interface OpenStreamOptions {
  readonly config: WalmqConfig;
  readonly databaseUrl: DatabaseUrl;
  readonly control: Control;
  /** Of the database. */
  readonly encoding: string;
  readonly onWarning: (sentence: string) => void;
}

/** Takes the slot. Rejects as ReplicationStream.open does. */
export async function openStream(options: OpenStreamOptions): Promise<ReplicationStream> {
  const { config, databaseUrl, control, encoding, onWarning } = options;
  const { deadlineMs, slot, publication } = config.source;
  const senderTimeoutMs = Math.max(await readSenderTimeoutMs(control.client), SHORTEST_SENDER_TIMEOUT_MS);
  return await ReplicationStream.open({
    connection: replicationConnection(control, { wal_sender_timeout: String(senderTimeoutMs) }),
    slot,
    publication,
    encoding,
    highWaterBytes: HIGH_WATER_BYTES,
    statusIntervalMs: STATUS_INTERVAL_MS,
    silenceMs: deadlineMs,
    async isLost({ pid, silentMs }) {
      const state = (await askBackends({ url: databaseUrl, deadlineMs, pids: [pid] })).get(pid);
      // Else the old walsender would hold the slot until the server notices too.
      if (state === 'waits')
        await endBackends({ url: databaseUrl, deadlineMs, pids: [pid], name: CAPTURE_NAME });
      return state === 'unknown' ? silentMs > senderTimeoutMs : state !== 'busy';
    },
    onWarning,
  });
}

/** How to connect for replication, to the server that `control` is connected to. */
export function replicationConnection(
  { url, serverMajor }: Control,
  settings: Record<string, string> = {},
): ClientConfig {
  return ownConnection({ url, name: CAPTURE_NAME, serverMajor, settings });
}
