import { WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import {
  confirmDurable,
  connectShard,
  durabilityVerdict,
  type ProducerConnection,
  readPersistence,
} from '@walmq/fanout';
import { isDenied, refusalOf, tryRights } from '@walmq/redis';
import type { Emit } from '../telemetry/capture-event.js';

/** WAIT and WAITAOF answer after 5 s at the latest. */
const SHORTEST_DEADLINE_MS = 6000;

/**
 * A new connection may lead to another server than the last, so every connection checks the promise of durability.
 * Rejects with REDIS_UNREACHABLE, with REDIS_DENIED, or with what durabilityVerdict finds.
 */
export async function connectDurable(
  url: string,
  { prefix, checkpointKey }: { readonly prefix: string; readonly checkpointKey: string },
  { durability, trustDurability, deadlineMs }: WalmqConfig['redis'],
  emit: Emit,
): Promise<ProducerConnection> {
  const redis = await connectShard(url, checkpointKey, Math.max(deadlineMs, SHORTEST_DEADLINE_MS));
  try {
    await tryRights(redis, prefix);
    const verdict = durabilityVerdict(durability, trustDurability, await readPersistence(redis));
    if (verdict.errors[0]) throw verdict.errors[0];
    if (verdict.unchecked) emit({ type: 'unchecked', durability: JSON.stringify(durability) });
    return { redis, confirm: () => confirmDurable(redis, verdict.confirmation) };
  } catch (cause) {
    redis.disconnect();
    throw unreachable(cause);
  }
}

/** A server that answers with an error (such as LOADING) is treated as unreachable: the error is temporary. */
export function unreachable(cause: unknown): WalmqError {
  if (cause instanceof WalmqError) return cause;
  if (isDenied(cause as Error)) return refusalOf(cause as Error).error;
  return new WalmqError('REDIS_UNREACHABLE', `Redis does not answer: ${(cause as Error).message}.`, {
    cause,
  });
}
