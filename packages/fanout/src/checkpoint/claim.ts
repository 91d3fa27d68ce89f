import { WalmqError } from '@walmq/change';
import type { Redis } from 'ioredis';
import type { SourceIdentity } from './checkpoint.js';

/**
 * The capture that moves a source's checkpoint now. A physical copy of a server has the same identity as the server, the
 * slot included. Claims distinguish the two while both run.
 */
export interface Claim {
  /** Start time of the server, to the microsecond: different for two servers that run at the same time. */
  readonly server: string;
  /** The capture process. */
  readonly instance: string;
  readonly host: string;
}

/** Milliseconds that a claim holds after it was renewed. */
export const CLAIM_MS = 5000;

export function claimKey(prefix: string, source: SourceIdentity): string {
  return `${prefix}:walmq:claim:${source.systemIdentifier}:${source.database}:${source.slot}`;
}

/** Null if no capture moves the checkpoint. */
export async function readClaim(redis: Redis, key: string): Promise<Claim | null> {
  const text = await redis.get(key);
  return text === null ? null : (JSON.parse(text) as Claim);
}

/** KEYS: claim. ARGV: claim as JSON, its server, its instance, milliseconds. */
const TAKE_LUA = `
local held = redis.call("GET", KEYS[1])
if held then
  local claim = cjson.decode(held)
  if claim.server ~= ARGV[2] and claim.instance ~= ARGV[3] then return held end
end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[4])
return false
`;

/**
 * Takes or renews the claim. Resolves to null, or to the claim of a capture that reads another server. Two captures of one
 * server need no claim: the slot lets only one of them read.
 */
export async function acquireClaim(redis: Redis, key: string, claim: Claim): Promise<Claim | null> {
  const json = JSON.stringify(claim);
  const held = await redis.eval(TAKE_LUA, 1, key, json, claim.server, claim.instance, CLAIM_MS);
  return held === null ? null : (JSON.parse(held as string) as Claim);
}

/** KEYS: claim. ARGV: instance. */
const RELEASE_LUA = `
local held = redis.call("GET", KEYS[1])
if held and cjson.decode(held).instance == ARGV[1] then redis.call("DEL", KEYS[1]) end
`;

export async function releaseClaim(redis: Redis, key: string, { instance }: Claim): Promise<void> {
  await redis.eval(RELEASE_LUA, 1, key, instance);
}

/** The error of a second capture, and of a command that would move the checkpoint while a capture holds it. */
export function checkpointHeld({ host }: Claim): WalmqError {
  return new WalmqError(
    'CHECKPOINT_HELD',
    `a capture on ${host} reads another server of the same identity, and moves this checkpoint: one of the two servers is a copy of the other.`,
    {
      remedy:
        'Give the copy a Redis or a redis.prefix of its own; if this is the server to go on with, stop the other capture first.',
    },
  );
}
