import { EVENT_LIMITS, isNestedDeeper, jsonMembers, OPERATIONS } from '@walmq/change';
import { z } from 'zod';
import { storedOptions } from '../job-options.js';

/** Rejects half surrogate pairs: they have no form in UTF-8, so Redis would get another text than the sender's. */
const text = (maxCharacters: number) =>
  z
    .string()
    .max(maxCharacters)
    .refine(value => value.isWellFormed(), 'Invalid input: expected well-formed Unicode');

/** Rejects unsafe integers, which would lose digits. */
const key = z.union([text(EVENT_LIMITS.keyCharacters), z.int()]);

/** BullMQ's largest priority number; 1 is processed first. */
const MAX_PRIORITY = 2 ** 21;

/** One year. BullMQ's own limit is some years longer. */
const MAX_DELAY_MS = 366 * 86_400_000;

/** Content of a logical message that is an event. Unknown fields are rejected. */
const eventSchema = z.strictObject({
  type: text(EVENT_LIMITS.typeCharacters).min(1),
  key: key.nullish(),
  payload: z.unknown().optional(),
  headers: z.record(z.string(), z.unknown()).nullish(),
  options: z
    .strictObject({
      delayMs: z.int().min(0).max(MAX_DELAY_MS).optional(),
      priority: z.int().min(0).max(MAX_PRIORITY).optional(),
      attempts: z.int().min(1).max(1000).optional(),
      deduplication: z.strictObject({ id: text(200).min(1), ttlMs: z.int().min(1).optional() }).optional(),
    })
    .nullish(),
});

export interface Event {
  readonly type: string;
  /** The key as the sender wrote it; undefined for an event without order. */
  readonly key: string | number | undefined;
  /** The whole event as it was sent, so that no digit is lost. */
  readonly json: string;
  /** Options in BullMQ's stored form; undefined if only the queue's options apply. */
  readonly options: string | undefined;
}

/** The queue that an event is sent to. */
export interface EventQueue {
  /** True when it takes changes of tables too. */
  readonly takesRows: boolean;
}

/**
 * Reads an event. Returns an error with the reason if the content is no event. The reason quotes nothing of the content.
 */
export function readEvent(content: Buffer, { takesRows }: EventQueue): Event | Error {
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
  if (isNestedDeeper(json, EVENT_LIMITS.depth))
    return new Error(`it is nested deeper than ${EVENT_LIMITS.depth} levels`);
  if (namesTwice(value, json)) return new Error('it has a field twice');
  const { success, data, error } = eventSchema.safeParse(value);
  if (!success) return new Error(error.issues.map(mistake).join('; '));
  if (takesRows && isOperation(data.type)) return new Error(OPERATION_AS_TYPE);
  return {
    type: data.type,
    key: data.key ?? undefined,
    json,
    options: data.options ? bullmqOptions(data.options) : undefined,
  };
}

/** Workers distinguish rows and events by the job's name: a row's operation or an event's type. */
export const OPERATION_AS_TYPE = 'its type is the name of an operation on rows, and its queue takes rows too';

/** True for the name of a row's job. */
export function isOperation(type: string): boolean {
  return (OPERATIONS as readonly string[]).includes(type);
}

/** JSON parsers disagree on which of two equal names counts. The payload is not checked: the application owns it. */
function namesTwice(value: unknown, json: string): boolean {
  if (!isObject(value)) return false;
  const members = jsonMembers(json);
  const options = members?.get('options');
  return !members || (options !== undefined && isObject(value.options) && !jsonMembers(options));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reason to reject an event of this size. */
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
