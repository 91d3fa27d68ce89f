import { type Position, parsePosition } from '@walmq/change';
import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { checkpointKey, readWholeCheckpoint } from '@walmq/fanout';
import { foreignKind, isFromElsewhere, readCaptureRow, readSlot, readSource } from '@walmq/replication';
import type { Redis } from 'ioredis';
import type { ClientBase } from 'pg';
import type { ResumeFacts } from './resume.js';

/**
 * Undefined if there is no slot of ours. A running capture moves all three positions, so read them in their
 * order: the acknowledged LSN, the checkpoint (never behind it), the end of the WAL (never behind either).
 */
export async function readResume(
  client: ClientBase,
  redis: Redis,
  { source: { slot: name }, redis: layout }: Pick<WalmqConfig, 'source' | 'redis'>,
): Promise<ResumeFacts | undefined> {
  const slot = await readSlot(client, name);
  const source = await readSource(client);
  if (!slot || foreignKind(slot, source.database) !== undefined) return undefined;
  const row = await readCaptureRow(client, name);
  const own = row && !isFromElsewhere(row, slot, source) ? row : undefined;
  // The next capture renames a checkpoint that stands under its former name.
  const databases = [...new Set([source.database, own?.database ?? source.database])];
  const checkpoints = await Promise.all(
    shardPrefixes(layout).map(async prefix => {
      for (const database of databases) {
        const key = checkpointKey(prefix, { ...source, database, slot: name });
        const found = await readWholeCheckpoint(redis, key);
        if (found) return found;
      }
      return null;
    }),
  );
  const { walEnd } = await readSource(client);
  return {
    checkpoint: slowestOf(checkpoints.map(checkpoint => checkpoint?.position ?? null)),
    confirmedFlush: slot.confirmedFlushLsn,
    // No capture has read the slot yet, so the slot stands where it was created.
    firstLsn: own?.firstLsn ?? slot.confirmedFlushLsn,
    walEnd,
    slotReplaced: checkpoints.some(
      checkpoint => checkpoint && own?.madeLsn && checkpoint.slotMadeAt !== own.madeLsn,
    ),
    refusal: own?.refusal ?? undefined,
  };
}

/** The slowest shard's checkpoint counts for all. A shard without a checkpoint has lost it. */
function slowestOf(checkpoints: readonly (string | null)[]): Position | null {
  const found = checkpoints.filter(checkpoint => checkpoint !== null).sort();
  return found.length < checkpoints.length ? null : parsePosition(found[0] as string);
}
