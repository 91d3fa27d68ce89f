import { setTimeout as sleep } from 'node:timers/promises';
import type { WalmqError } from '@walmq/change';
import { acquireClaim, CLAIM_MS, type Claim, releaseClaim } from '@walmq/fanout';
import { poll, unlessAborted } from '@walmq/runtime';
import type { Redis } from 'ioredis';
import { unreachable } from './connect-durable.js';

export interface ClaimOptions {
  readonly connect: () => Promise<Redis>;
  readonly key: string;
  readonly claim: Claim;
  /** The error where another one holds the claim. */
  readonly refusal: (held: Claim) => WalmqError;
}

/** A claim that this capture has taken. */
export interface HeldClaim {
  /** Renews the claim until the signal. Rejects with the refusal when another one has taken it. */
  renew(signal: AbortSignal): Promise<void>;
  release(): Promise<void>;
}

const RENEWED_MS = 1000;
const ASKED_MS = 250;
/** A claim that outlives CLAIM_MS is being renewed by a live capture. */
const PATIENCE_MS = CLAIM_MS + 2 * RENEWED_MS;
/** How long a Redis that is away may delay the end of a session. */
const RELEASE_MS = 500;

/**
 * Claims a key for the captures of one server, or of one pipeline. A copy of a server that was started with the Redis of the
 * original would move the original's checkpoint, so the capture that runs keeps the claim. After a failover the old
 * primary's capture may hold the claim for some seconds more: this waits for that long.
 * Rejects with the refusal, or with REDIS_UNREACHABLE and REDIS_DENIED.
 */
export async function holdClaim(options: ClaimOptions): Promise<HeldClaim> {
  const { connect, key, claim, refusal } = options;
  let redis: Redis | undefined = await takeFirst(options);

  /** Ignores a Redis that is away, which takes no batches either: the claim is renewed when Redis is back. */
  async function renewOnce(signal: AbortSignal): Promise<void> {
    let held: Claim | null = null;
    try {
      redis ??= await connect();
      if (signal.aborted) return redis.disconnect();
      held = await acquireClaim(redis, key, claim);
    } catch {
      redis?.disconnect();
      redis = undefined;
    }
    if (held) throw refusal(held);
  }

  return {
    async renew(signal) {
      await poll({
        everyMs: RENEWED_MS,
        startAfterMs: RENEWED_MS,
        signal,
        look: () => unlessAborted(renewOnce(signal), signal),
      });
    },
    /** Commands of one connection run in order, so a renewal under way cannot come after the release. */
    async release() {
      const released = Promise.resolve(redis && releaseClaim(redis, key, claim)).catch(() => undefined);
      await Promise.race([released, sleep(RELEASE_MS, undefined, { ref: false })]);
      redis?.disconnect();
    },
  };
}

async function takeFirst({ connect, key, claim, refusal }: ClaimOptions): Promise<Redis> {
  const redis = await connect();
  try {
    const askedAtMs = performance.now();
    while (true) {
      const held = await acquireClaim(redis, key, claim);
      if (!held) return redis;
      if (performance.now() - askedAtMs > PATIENCE_MS) throw refusal(held);
      await sleep(ASKED_MS);
    }
  } catch (cause) {
    redis.disconnect();
    throw unreachable(cause);
  }
}
