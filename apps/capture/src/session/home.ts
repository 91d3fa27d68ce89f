import { hostname } from 'node:os';
import { WalmqError } from '@walmq/change';
import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { claimHome, readHome } from '@walmq/fanout';
import { type Home, noteHome, readCaptureRow } from '@walmq/replication';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** Where the changes of this configuration go. */
export interface HomeOptions {
  readonly config: WalmqConfig;
  readonly redisUrl: string;
  readonly connect: () => Promise<Redis>;
}

/**
 * Notes in the database where the changes of the slot go, so that another configuration with this slot finds it. A failure is no
 * fault, because streaming needs no note.
 */
export async function noteOwnHome(control: Client, slot: string, options: HomeOptions): Promise<void> {
  const id = await withRedis(options, redis => claimHome(redis, prefixOf(options)));
  if (id) await noteHome(control, slot, { id, ...placeOf(options), host: hostname() });
}

/**
 * A slot that is being read is being read by another capture of this pipeline, which this one may replace. If the reader writes
 * to other keys of Redis, it is another configuration with this slot, and this one would never get its changes.
 */
export async function explainBusySlot(
  cause: unknown,
  { control, slot, home }: { readonly control: Client; readonly slot: string; readonly home: HomeOptions },
): Promise<unknown> {
  if (!isCode(cause, 'SLOT_BUSY')) return cause;
  const other = (await readCaptureRow(control, slot).catch(() => undefined))?.home;
  const own = other && (await withRedis(home, redis => readHome(redis, prefixOf(home))));
  // A Redis without an identity may have lost it, or no capture has streamed into it.
  if (!other || own === other.id || (!own && isSamePlace(other, home))) return cause;
  return new WalmqError(
    'SLOT_OF_OTHER_PIPELINE',
    `slot "${slot}" is being read by another pipeline: ${placeText(other)} (capture on ${other.host}). This configuration has ${placeText(placeOf(home))}.`,
    {
      remedy:
        'Give each configuration a source.slot and a source.publication of its own, and run "npx walmq setup" with it (docs/guides/pipelines.md).',
      facts: { slot },
      cause,
    },
  );
}

/** Adds to REDIS_LOST_CHANGES where the slot's changes went before, if that was elsewhere. */
export async function explainOtherHome(
  cause: unknown,
  { control, slot, home }: { readonly control: Client; readonly slot: string; readonly home: HomeOptions },
): Promise<unknown> {
  if (!isCode(cause, 'REDIS_LOST_CHANGES')) return cause;
  const other = (await readCaptureRow(control, slot).catch(() => undefined))?.home;
  if (!other || isSamePlace(other, home)) return cause;
  return new WalmqError(
    cause.code,
    `${cause.message} Before, the changes of slot "${slot}" went to ${placeText(other)} (capture on ${other.host}). This configuration has ${placeText(placeOf(home))}.`,
    { ...(cause.remedy === undefined ? {} : { remedy: cause.remedy }), facts: cause.facts, cause },
  );
}

function isCode(cause: unknown, code: WalmqError['code']): cause is WalmqError {
  return cause instanceof WalmqError && cause.code === code;
}

type Place = Pick<Home, 'redis' | 'prefix'>;

function placeOf({ config, redisUrl }: HomeOptions): Place {
  const [address = ''] = redisUrl.replace(/^[^:]*:\/\/(?:[^/?#]*@)?/, '').split(/[?#]/);
  return { redis: address, prefix: config.redis.prefix };
}

function isSamePlace(other: Place, options: HomeOptions): boolean {
  const own = placeOf(options);
  return other.redis === own.redis && other.prefix === own.prefix;
}

function placeText({ redis, prefix }: Place): string {
  return `redis.prefix "${prefix}" on ${redis}`;
}

function prefixOf({ config }: HomeOptions): string {
  return shardPrefixes(config.redis)[0] as string;
}

/** Undefined where Redis does not answer: the session meets the same Redis and reports the reason. */
async function withRedis<T>(
  { connect }: HomeOptions,
  act: (redis: Redis) => Promise<T>,
): Promise<T | undefined> {
  let redis: Redis | undefined;
  try {
    redis = await connect();
    return await act(redis);
  } catch {
    return undefined;
  } finally {
    redis?.disconnect();
  }
}
