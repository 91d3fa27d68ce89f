import type { Redis } from 'ioredis';
import { donePerMinute, type QueueFigures, windowOf } from './figures.js';
import { redisTimeMs } from './report.js';
import {
  EMPTY_SLOT,
  type FiguresPlace,
  HOUR_MS,
  hourKey,
  MINUTE_MS,
  minuteKey,
  type Slot,
  slotOf,
} from './slots.js';

/** Slots per window. */
const MINUTES = 60;
const HOURS = 24;
/** How many of the last full minutes to give one by one. */
const SHOWN_MINUTES = 15;
/** How many of the last minutes to give samples of the backlog from. */
const BACKLOG_MINUTES = 6;
/** Commands in one pipeline. Between two of them, Redis serves others. */
const AT_ONCE = 500;
/** A slot that ended this long ago does not change any more. */
const FINAL_MS = MINUTE_MS;

/** The figures of all queues at one moment. */
export interface ReadFigures {
  readonly nowMs: number;
  /** By name of the queue; null if no worker has reported in the last day. */
  readonly queues: ReadonlyMap<string, QueueFigures | null>;
}

/**
 * Reads what workers have counted. Remembers the slots that are over, so that each further look reads three small hashes per
 * queue.
 */
export class FiguresReader {
  #final = new Map<string, Slot>();

  async read(redis: Redis, places: readonly FiguresPlace[]): Promise<ReadFigures> {
    const nowMs = await redisTimeMs(redis);
    const minute = Math.floor(nowMs / MINUTE_MS);
    const hour = Math.floor(nowMs / HOUR_MS);
    const wanted = places.map(place => ({
      place,
      minutes: newest(MINUTES, minute).map(number => ({
        prefix: place.prefix,
        key: minuteKey(place, number),
        endMs: (number + 1) * MINUTE_MS,
      })),
      hours: newest(HOURS, hour).map(number => ({
        prefix: place.prefix,
        key: hourKey(place, number),
        endMs: (number + 1) * HOUR_MS,
      })),
    }));
    const slots = await this.#slots(
      redis,
      wanted.flatMap(({ minutes, hours }) => [...minutes, ...hours]),
      nowMs,
    );
    const of = ({ key }: SlotKey) => slots.get(key) ?? EMPTY_SLOT;
    return {
      nowMs,
      queues: new Map(
        wanted.map(({ place, minutes, hours }) => [
          place.name,
          figuresOf(nowMs, minutes.map(of), hours.map(of)),
        ]),
      ),
    };
  }

  async #slots(redis: Redis, keys: readonly SlotKey[], nowMs: number): Promise<ReadonlyMap<string, Slot>> {
    const slots = new Map<string, Slot>();
    const unknown: SlotKey[] = [];
    for (const each of keys) {
      const known = this.#final.get(each.key);
      if (known) slots.set(each.key, known);
      else unknown.push(each);
    }
    for (const page of pagesOf(unknown)) {
      const pipeline = redis.pipeline();
      // Not hgetall, which makes an object of each reply: most of the time that this takes.
      for (const { key } of page) pipeline.call('HGETALL', key);
      const replies = (await pipeline.exec()) ?? [];
      for (const [index, { key }] of page.entries()) {
        const [error, reply] = replies[index] ?? [new Error('no reply')];
        if (error) throw error;
        const fields = reply as readonly string[];
        slots.set(key, fields.length === 0 ? EMPTY_SLOT : slotOf(fields));
      }
    }
    // Only what this look wanted: older slots are forgotten.
    this.#final = new Map(
      keys
        .filter(({ endMs }) => nowMs >= endMs + FINAL_MS)
        .map(({ key }) => [key, slots.get(key) ?? EMPTY_SLOT]),
    );
    return slots;
  }
}

interface SlotKey {
  readonly prefix: string;
  readonly key: string;
  readonly endMs: number;
}

/** A pipeline must not cross shards: in a Redis Cluster their keys are on different nodes. */
function pagesOf(keys: readonly SlotKey[]): SlotKey[][] {
  const pages: SlotKey[][] = [];
  for (const prefix of new Set(keys.map(key => key.prefix))) {
    const ofShard = keys.filter(key => key.prefix === prefix);
    for (let at = 0; at < ofShard.length; at += AT_ONCE) pages.push(ofShard.slice(at, at + AT_ONCE));
  }
  return pages;
}

/** The newest first. */
function newest(count: number, last: number): number[] {
  return Array.from({ length: count }, (_, index) => last - index);
}

function figuresOf(nowMs: number, minutes: readonly Slot[], hours: readonly Slot[]): QueueFigures | null {
  if ([...minutes, ...hours].every(slot => slot === EMPTY_SLOT)) return null;
  const [current = EMPTY_SLOT, previous = EMPTY_SLOT] = minutes;
  return {
    donePerMinute: donePerMinute(nowMs, current, previous),
    minutes: minutes
      .slice(1, 1 + SHOWN_MINUTES)
      .map(({ done }) => done)
      .reverse(),
    hour: windowOf(minutes),
    day: windowOf(hours),
    backlog: minutes.slice(0, BACKLOG_MINUTES).flatMap(({ backlog }) => backlog ?? []),
  };
}
