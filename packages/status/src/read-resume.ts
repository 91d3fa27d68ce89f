import { type Position, parseLsn, parsePosition } from '@walmq/change';
import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { checkpointKey, type ResumeFacts, readCheckpoint } from '@walmq/fanout';
import { foreignKind, readSlot, readSource } from '@walmq/replication';
import type { Redis } from 'ioredis';
import type { ClientBase } from 'pg';

/**
 * Undefined when there is no slot of ours. A running capture moves all three, so they are read in the order in which they
 * stand: what was acknowledged, the checkpoint that is never behind it, the WAL's end that is never behind either.
 */
export async function readResume(
  client: ClientBase,
  redis: Redis,
  { source: { slot: name }, redis: layout }: Pick<WalmqConfig, 'source' | 'redis'>,
): Promise<ResumeFacts | undefined> {
  const slot = await readSlot(client, name);
  const source = await readSource(client);
  if (!slot || foreignKind(slot, source.database) !== undefined) return undefined;
  const checkpoints = await Promise.all(
    shardPrefixes(layout).map(prefix =>
      readCheckpoint(redis, checkpointKey(prefix, { ...source, slot: name })),
    ),
  );
  const { rows } = await client.query<{ first_lsn: string }>(
    'SELECT first_lsn FROM walmq.capture WHERE slot = $1',
    [name],
  );
  const { walEnd } = await readSource(client);
  return {
    checkpoint: slowestOf(checkpoints),
    confirmedFlush: slot.confirmedFlushLsn,
    // No capture has read the slot yet: it stands where it was made.
    firstLsn: rows[0] ? parseLsn(rows[0].first_lsn) : slot.confirmedFlushLsn,
    walEnd,
  };
}

/** Of shards the slowest one's says how far all are; one that has none says that it has lost it. */
function slowestOf(checkpoints: readonly (string | null)[]): Position | null {
  const found = checkpoints.filter(checkpoint => checkpoint !== null).sort();
  return found.length < checkpoints.length ? null : parsePosition(found[0] as string);
}
