import { EVENT_LIMITS } from '@walmq/change';
import { z } from 'zod';
import { storedOptions } from './job-options.js';

/** A number beyond these would lose digits. */
const key = z.union([z.string().max(EVENT_LIMITS.keyCharacters), z.int()]);

/** The largest priority BullMQ takes; 1 comes first. */
const MAX_PRIORITY = 2 ** 21;

/** A year; BullMQ's own bound is some years more. */
const MAX_DELAY_MS = 366 * 86_400_000;

/** What a logical message says that is an event: what is not known here is a mistake of its sender's. */
const eventSchema = z.strictObject({
  type: z.string().min(1).max(EVENT_LIMITS.typeCharacters),
  key: key.nullish(),
  payload: z.unknown().optional(),
  headers: z.record(z.string(), z.unknown()).nullish(),
  options: z
    .strictObject({
      delayMs: z.int().min(0).max(MAX_DELAY_MS).optional(),
      priority: z.int().min(0).max(MAX_PRIORITY).optional(),
      attempts: z.int().min(1).max(1000).optional(),
      deduplication: z
        .strictObject({ id: z.string().min(1).max(200), ttlMs: z.int().min(1).optional() })
        .optional(),
    })
    .nullish(),
});

export interface Event {
  readonly type: string;
  /** As JSON; undefined: in no order. */
  readonly key: string | undefined;
  /** All of it, as it was sent: no digit is lost on the way. */
  readonly json: string;
  /** In the form BullMQ stores; undefined: only the queue's. */
  readonly options: string | undefined;
}

/** Reads an event message; an error says why it is not one, and nothing of what it holds. */
export function readEvent(content: Buffer): Event | Error {
  if (content.length > EVENT_LIMITS.bytes) return tooLarge(content.length);
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return new Error('it is not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return new Error('it is not JSON');
  }
  const { success, data, error } = eventSchema.safeParse(value);
  if (!success) return new Error(error.issues.map(mistake).join('; '));
  return {
    type: data.type,
    key: data.key === undefined || data.key === null ? undefined : JSON.stringify(data.key),
    json,
    options: data.options ? bullmqOptions(data.options) : undefined,
  };
}

/** Why an event of so many bytes is none. */
export function tooLarge(bytes: number): Error {
  return new Error(`it has ${bytes} bytes, and ${EVENT_LIMITS.bytes} are allowed`);
}

function mistake({ code, path, message }: z.core.$ZodIssue): string {
  const where = path.join('.') || 'it';
  // The message would quote the sender's names.
  return code === 'unrecognized_keys' ? `${where} has a field that is not known` : `${where}: ${message}`;
}

type EventOptions = NonNullable<z.output<typeof eventSchema>['options']>;

function bullmqOptions({ delayMs, priority, attempts, deduplication }: EventOptions): string {
  return storedOptions({
    ...(delayMs === undefined ? {} : { delay: delayMs }),
    ...(priority === undefined ? {} : { priority }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(deduplication
      ? {
          deduplication: {
            id: deduplication.id,
            ...(deduplication.ttlMs === undefined ? {} : { ttl: deduplication.ttlMs }),
          },
        }
      : {}),
  });
}
