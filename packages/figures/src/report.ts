import type { Redis } from 'ioredis';
import {
  type FiguresPlace,
  HOUR_KEPT_MS,
  HOUR_MS,
  hourKey,
  MINUTE_KEPT_MS,
  MINUTE_MS,
  minuteKey,
  PART_MS,
  partField,
  reporterField,
} from './slots.js';

/**
 * Adds counts to the minute and the hour, once per report: a client that lost the reply sends the same command again.
 *
 * KEYS[1] minute, KEYS[2] hour, KEYS[3] wait, KEYS[4] active, KEYS[5] prioritized, KEYS[6] waiting-children
 * ARGV[1] field of the reporter, ARGV[2] number of its report, ARGV[3] now, ARGV[4] field of the part of the minute,
 * ARGV[5] milliseconds to keep the minute, ARGV[6] milliseconds to keep the hour, ARGV[7] done, then fields and counts in turn
 */
const REPORT_LUA = `
if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], 'at', ARGV[3],
  'ready', redis.call('LLEN', KEYS[3]) + redis.call('LLEN', KEYS[4]) + redis.call('ZCARD', KEYS[5]),
  'parked', redis.call('ZCARD', KEYS[6]))
redis.call('HINCRBY', KEYS[1], ARGV[4], ARGV[7])
for at = 8, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1])
  redis.call('HINCRBY', KEYS[2], ARGV[at], ARGV[at + 1])
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return 1`;

export interface Report {
  readonly reporter: string;
  /** From 1, one more with each report of the reporter. */
  readonly number: number;
  readonly done: number;
  /** Fields of the hashes, `done` included. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Writes a report. It counts in the minute in which it arrives, by the clock of Redis: the clocks of workers may differ, and a
 * report is some seconds old at most.
 */
export async function writeReport(redis: Redis, place: FiguresPlace, report: Report): Promise<void> {
  const nowMs = await redisTimeMs(redis);
  const minute = Math.floor(nowMs / MINUTE_MS);
  const queue = (state: string) => `${place.prefix}:${place.name}:${state}`;
  await redis.eval(
    REPORT_LUA,
    6,
    minuteKey(place, minute),
    hourKey(place, Math.floor(nowMs / HOUR_MS)),
    queue('wait'),
    queue('active'),
    queue('prioritized'),
    queue('waiting-children'),
    reporterField(report.reporter),
    report.number,
    nowMs,
    partField(Math.floor((nowMs % MINUTE_MS) / PART_MS)),
    MINUTE_KEPT_MS,
    HOUR_KEPT_MS,
    report.done,
    ...[...report.counts].flat(),
  );
}

export async function redisTimeMs(redis: Redis): Promise<number> {
  const [seconds, microseconds] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}
