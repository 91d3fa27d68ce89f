import type { WalmqConfig } from '@walmq/config';
import type { Redis } from 'ioredis';
import { heartbeatPrefix } from '../status/heartbeat.js';
import { type AlertState, NO_ALERTS } from './alert-state.js';

/** Milliseconds for which a watcher leads without a new look. */
export const LEASE_MS = 60_000;
/** Milliseconds for which the state of alerts is kept without a watcher. */
const KEPT_MS = 30 * 86_400_000;

/**
 * Takes or renews the lease; the answer is the state for the one who leads, and says who does not.
 *
 * KEYS[1] lease, KEYS[2] state; ARGV[1] watcher, ARGV[2] milliseconds
 */
const LEAD_LUA = `
local leader = redis.call('GET', KEYS[1])
if leader and leader ~= ARGV[1] then return { 0, redis.call('GET', KEYS[2]) or '' } end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return { 1, redis.call('GET', KEYS[2]) or '' }`;

/**
 * Saves the state if the watcher still leads.
 *
 * KEYS[1] lease, KEYS[2] state; ARGV[1] watcher, ARGV[2] milliseconds of the lease, ARGV[3] state, ARGV[4] milliseconds to keep it
 */
const SAVE_LUA = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1`;

/** KEYS[1] lease; ARGV[1] watcher */
const LEAVE_LUA = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0`;

/** Where the watchers of a pipeline keep their state. */
export interface AlertKeys {
  readonly lease: string;
  readonly state: string;
}

export function alertKeys({ redis, source }: Pick<WalmqConfig, 'redis' | 'source'>): AlertKeys {
  const prefix = heartbeatPrefix(redis);
  return {
    lease: `${prefix}:walmq:alerts-lease:${source.slot}`,
    state: `${prefix}:walmq:alerts:${source.slot}`,
  };
}

/** `leads`: this watcher sends, for as long as the lease lasts. */
export async function leadAlerts(
  redis: Redis,
  { lease, state }: AlertKeys,
  watcher: string,
): Promise<{ readonly leads: boolean; readonly state: AlertState }> {
  const [leads, text] = (await redis.eval(LEAD_LUA, 2, lease, state, watcher, LEASE_MS)) as [number, string];
  return { leads: leads === 1, state: stateOf(text) };
}

/** Resolves to false if another watcher leads now. */
export async function saveAlerts(
  redis: Redis,
  { lease, state }: AlertKeys,
  { watcher, alerts }: { readonly watcher: string; readonly alerts: AlertState },
): Promise<boolean> {
  const saved = await redis.eval(
    SAVE_LUA,
    2,
    lease,
    state,
    watcher,
    LEASE_MS,
    JSON.stringify(alerts),
    KEPT_MS,
  );
  return saved === 1;
}

export async function leaveAlerts(redis: Redis, { lease }: AlertKeys, watcher: string): Promise<void> {
  await redis.eval(LEAVE_LUA, 1, lease, watcher);
}

export async function readAlerts(redis: Redis, { state }: AlertKeys): Promise<AlertState> {
  return stateOf(await redis.get(state));
}

/** What cannot be read counts as nothing: problems that last are then told again. */
export function stateOf(text: string | null | undefined): AlertState {
  if (!text) return NO_ALERTS;
  try {
    const state = JSON.parse(text) as Partial<AlertState>;
    return { ...NO_ALERTS, ...state };
  } catch {
    return NO_ALERTS;
  }
}
