import { setTimeout as sleep } from 'node:timers/promises';
import type { WalmqError } from '@walmq/change';
import { acquireClaim, CLAIM_MS, type Claim, checkpointHeld, releaseClaim } from '@walmq/fanout';
import type { Redis } from 'ioredis';
import { unreachable } from './connect-durable.js';

export interface ClaimOptions {
  readonly connect: () => Promise<Redis>;
  readonly key: string;
  readonly claim: Claim;
}

export interface HeldClaim {
  /** Rejects with CHECKPOINT_HELD when a capture of another server has taken it meanwhile; never resolves. */
  readonly lost: Promise<never>;
  release(): Promise<void>;
}

const RENEWED_MS = 1000;
const ASKED_MS = 250;
/** A claim that is there for longer than it is believed is being renewed. */
const PATIENCE_MS = CLAIM_MS + 2 * RENEWED_MS;
/** How long a Redis that is away may hold up the end of a session. */
const RELEASE_MS = 500;

/**
 * Holds the checkpoint for the captures of one server. A copy of a server that was started with the Redis of the
 * original would move the original's checkpoint; whichever runs keeps it. After a failover the old primary's capture
 * may still hold it for some seconds: that long is waited.
 * Rejects with CHECKPOINT_HELD, or with REDIS_UNREACHABLE and REDIS_DENIED.
 */
export async function holdClaim(options: ClaimOptions): Promise<HeldClaim> {
  const { connect, key, claim } = options;
  let redis: Redis | undefined = await takeFirst(options);
  let renewing: Promise<void> | undefined;
  let refuse: (error: WalmqError) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  lost.catch(() => undefined);

  /** A Redis that is away takes no batches either: the claim is renewed when it is back. */
  async function renew(): Promise<void> {
    try {
      redis ??= await connect();
      const held = await acquireClaim(redis, key, claim);
      if (held) refuse(checkpointHeld(held));
    } catch {
      redis?.disconnect();
      redis = undefined;
    }
  }

  const timer = setInterval(() => {
    renewing ??= renew().finally(() => {
      renewing = undefined;
    });
  }, RENEWED_MS);
  return {
    lost,
    async release() {
      clearInterval(timer);
      const released = Promise.resolve(renewing).then(() => redis && releaseClaim(redis, key, claim));
      await Promise.race([released.catch(() => undefined), sleep(RELEASE_MS, undefined, { ref: false })]);
      redis?.disconnect();
    },
  };
}

async function takeFirst({ connect, key, claim }: ClaimOptions): Promise<Redis> {
  const redis = await connect();
  try {
    const askedAtMs = performance.now();
    while (true) {
      const held = await acquireClaim(redis, key, claim);
      if (!held) return redis;
      if (performance.now() - askedAtMs > PATIENCE_MS) throw checkpointHeld(held);
      await sleep(ASKED_MS);
    }
  } catch (cause) {
    redis.disconnect();
    throw unreachable(cause);
  }
}
