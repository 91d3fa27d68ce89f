import type { RedisAddress } from '@walmq/redis';

/**
 * Milliseconds. A failover of Redis promotes a replica that may lack the last changes, even those that another replica has
 * confirmed. Until the former primary is left, it takes and confirms changes that are thrown away. A slot that stays behind by
 * more than that brings them again.
 */
const FAILOVER_MS = 30_000;

/** The configured delay, or one that outlasts a failover where Redis can fail over. */
export function ackDelayOf(configured: number | undefined, redis: Pick<RedisAddress, 'kind'>): number {
  return configured ?? (redis.kind === 'sentinel' || redis.kind === 'cluster' ? FAILOVER_MS : 0);
}
