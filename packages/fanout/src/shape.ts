import { createHash } from 'node:crypto';
import type { Change, ColumnShape, EncodedChange, Row } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { type Mask, masksOf } from './mask.js';

type ShapeConfig = NonNullable<QueueConfig['shape']>;

/** What is said of an update by `where`, beside the rows. */
interface Standing {
  readonly entered?: true;
  readonly left?: true;
}

/**
 * What of a change reaches one queue. What goes wrong here never stops the stream: such a change becomes a job that says
 * why (`shapeError`), which the worker kit fails, so that its key waits.
 */
export class Shape {
  readonly #config: ShapeConfig;
  readonly #masks: ReadonlyMap<string, Mask>;
  readonly #kept: ReadonlySet<string> | undefined;
  readonly #omitted: ReadonlySet<string>;

  /** Throws MASK_KEY_MISSING. */
  constructor(queue: string, config: ShapeConfig) {
    this.#config = config;
    this.#masks = masksOf(queue, config.mask ?? {});
    this.#kept = config.columns && new Set(config.columns);
    this.#omitted = new Set(config.omit);
  }

  /** The change's data for this queue; undefined when it is nothing to it. */
  apply(change: EncodedChange): string | undefined {
    const { transform } = this.#config;
    const column = (name: string) => this.#columnShape(name);
    let standing: Standing | undefined;
    try {
      standing = this.#standing(change);
    } catch (error) {
      return change.jsonShaped(column, { shapeError: reasonText('where', error) });
    }
    if (!standing) return undefined;
    const json = change.jsonShaped(column, membersOf(standing));
    if (!transform) return this.#withinLimit(change, json, membersOf(standing));
    try {
      const transformed = applyTransform(transform, JSON.parse(json) as Change);
      if (!transformed) return undefined;
      return this.#withinLimit(change, JSON.stringify(transformed), membersOf(standing));
    } catch (error) {
      return change.jsonShaped(column, {
        ...membersOf(standing),
        shapeError: reasonText('transform', error),
      });
    }
  }

  /** What orders the change is seen in Redis: where a column is hidden it is a digest, which orders as well. */
  orderingKey(key: string): string {
    return this.#masks.size === 0 ? key : createHash('sha256').update(key).digest('base64url');
  }

  #columnShape(name: string): ColumnShape {
    if (this.#omitted.has(name) || (this.#kept && !this.#kept.has(name))) return 'omit';
    return this.#masks.get(name) ?? 'keep';
  }

  /** Undefined of a row that is not in the set, and was not. Where it was is not known, it may have been. */
  #standing(change: EncodedChange): Standing | undefined {
    const { where } = this.#config;
    if (!where || change.op === 'truncate') return {};
    const { before, after } = change.rows;
    const holds = (row: string) => {
      const result: unknown = where(JSON.parse(row) as Row, change);
      if (typeof result !== 'boolean')
        throw new TypeError(`it returned ${kindOf(result)}, and must return a boolean`);
      return result;
    };
    const is = after !== null && holds(after);
    const was = before !== null && holds(before);
    if (change.op === 'delete') return before === null || was ? {} : undefined;
    if (change.op !== 'update') return is ? {} : undefined;
    if (before === null) return {};
    if (is) return was ? {} : { entered: true };
    return was ? { left: true } : undefined;
  }

  #withinLimit(change: EncodedChange, json: string, members: Readonly<Record<string, string>>): string {
    const { maxBytes, strip, transform } = this.#config;
    if (maxBytes === undefined || json.length * 3 <= maxBytes || Buffer.byteLength(json) <= maxBytes)
      return json;
    if (strip.length > 0 && !transform) {
      const less = change.jsonShaped(name => (strip.includes(name) ? 'omit' : this.#columnShape(name)), {
        ...members,
        stripped: JSON.stringify(strip),
      });
      if (Buffer.byteLength(less) <= maxBytes) return less;
    }
    const shapeError = JSON.stringify(
      `its data has ${Buffer.byteLength(json)} bytes, and maxBytes of the queue is ${maxBytes}: read the row by its key`,
    );
    return change.jsonShaped(name => this.#columnShape(name), {
      ...members,
      before: 'null',
      after: 'null',
      shapeError,
    });
  }
}

/** Throws what the function throws, and TypeError on what is no change. */
export function applyTransform(
  transform: NonNullable<ShapeConfig['transform']>,
  change: Change,
): Change | null {
  const { id, op, schema, table, tx } = change;
  const result: unknown = transform(change);
  if (result === null) return null;
  if (typeof result !== 'object' || Array.isArray(result) || 'then' in result)
    throw new TypeError(`it returned ${kindOf(result)}, and must return a change or null`);
  // Where a change stands, and what it is of, is not for a function of it to say.
  return { ...(result as Change), id, op, schema, table, tx };
}

function membersOf(standing: Standing): Record<string, string> {
  return Object.fromEntries(Object.keys(standing).map(name => [name, 'true']));
}

function reasonText(what: string, error: unknown): string {
  // The message alone: a stack says nothing to whoever reads it in a queue.
  const message = error instanceof Error ? error.message : String(error);
  return JSON.stringify(`${what} of the queue failed: ${message}`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object' && 'then' in value) return 'a promise';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
