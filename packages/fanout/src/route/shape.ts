import type { Change, ColumnShape, EncodedChange, Row } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { transformExactly } from './exact-transform.js';
import { type Digest, digestOf, type Mask, masksOf } from './mask.js';

type ShapeConfig = NonNullable<QueueConfig['shape']>;

/** What is said of an update by `where`, beside the rows. */
interface Standing {
  readonly entered?: true;
  readonly left?: true;
}

/** Members of a change's data, each as JSON text. */
type Members = Readonly<Record<string, string>>;

/**
 * What of a change reaches one queue. What goes wrong here never stops the stream: such a change becomes a job that says
 * why (`shapeError`), which the worker kit fails, so that its key waits.
 */
export class Shape {
  readonly #config: ShapeConfig;
  readonly #masks: ReadonlyMap<string, Mask>;
  /** Undefined where nothing is hidden. */
  readonly #digest: Digest | undefined;

  /** Throws MASK_KEY_MISSING. */
  constructor(queue: string, config: ShapeConfig) {
    const { columns, omit, mask = {} } = config;
    this.#config = config;
    this.#masks = masksOf(queue, mask);
    const hides = columns !== undefined || omit !== undefined || this.#masks.size > 0;
    this.#digest = hides ? digestOf(mask) : undefined;
  }

  /** The change's data for this queue; undefined when it is nothing to it. */
  apply(change: EncodedChange): string | undefined {
    let standing: Standing | undefined;
    try {
      standing = this.#standing(change);
    } catch (error) {
      return this.#failed(change, this.#whereReason(error));
    }
    if (!standing) return undefined;
    const members = membersOf(standing);
    try {
      return this.#transformed(change, members);
    } catch (error) {
      return this.#failed(change, `transform of the queue failed: ${messageOf(error)}`, members);
    }
  }

  /** The change's data where nobody can tell whether it is as it seems: it fails with that reason. */
  refused(change: EncodedChange, reason: string): string {
    return this.#failed(change, reason);
  }

  /** How what orders the change is seen in Redis: where something is hidden it is a digest, which orders as well. */
  orderingKey(key: string): string {
    return this.#digest ? this.#digest(key) : key;
  }

  #transformed(change: EncodedChange, members: Members): string | undefined {
    const { transform, strip } = this.#config;
    if (!transform) {
      const whole = this.#fitting(change, members);
      if (typeof whole === 'string') return whole;
      const stripped = { ...members, stripped: JSON.stringify(strip) };
      const less = strip.length > 0 ? this.#fitting(change, stripped, strip) : whole;
      return typeof less === 'string' ? less : this.#oversize(change, whole);
    }
    const transformed = transformExactly(this.json(change, members), value =>
      applyTransform(transform, value as unknown as Change),
    );
    if (!transformed) return undefined;
    const { write } = transformed;
    const made = transformed.made as Change;
    const json = write(made);
    if (this.#fits(json)) return json;
    const without = (row: Row | null) =>
      row && Object.fromEntries(Object.entries(row).filter(([name]) => !strip.includes(name)));
    const less = write({
      ...made,
      before: without(made.before),
      after: without(made.after),
      stripped: strip,
    });
    return strip.length > 0 && this.#fits(less) ? less : this.#oversize(change, sizeOf(json));
  }

  /** The change for this queue, untransformed, with these members over its own. */
  json(change: EncodedChange, members: Members, strip: readonly string[] = []): string {
    return change.jsonShaped((name, inKey) => this.#columnShape(name, inKey, strip), members);
  }

  #columnShape(name: string, inKey: boolean, strip: readonly string[]): ColumnShape {
    const { columns, omit = [], mask } = this.#config;
    // The key tells which row it is: it is left out only where that is said.
    if (omit.includes(name) || (!inKey && (strip.includes(name) || columns?.includes(name) === false)))
      return 'omit';
    return (mask && this.#masks.get(name)) ?? 'keep';
  }

  #fits(json: string): boolean {
    const { maxBytes } = this.#config;
    return maxBytes === undefined || Buffer.byteLength(json) <= maxBytes;
  }

  /** As JSON where it fits into the queue's `maxBytes`; what is far too large is not written to find that out. */
  #fitting(change: EncodedChange, members: Members, strip: readonly string[] = []): string | Size {
    const { maxBytes } = this.#config;
    if (maxBytes === undefined) return this.json(change, members, strip);
    const rows = change.bytesBeyond(maxBytes, name => this.#columnShape(name, false, strip));
    if (rows !== undefined) {
      const rest = this.json(change, { ...members, before: 'null', after: 'null' }, strip);
      return { bytes: Buffer.byteLength(rest) - 2 * 'null'.length + rows };
    }
    const json = this.json(change, members, strip);
    return this.#fits(json) ? json : sizeOf(json);
  }

  /** Undefined of a row that is not in the set, and was not. Where the old row is not known, it may have been. */
  #standing(change: EncodedChange): Standing | undefined {
    const { where } = this.#config;
    if (!where || change.op === 'truncate') return {};
    const { before, after } = change.rows;
    if ((change.op === 'update' || change.op === 'delete') && before === null) return {};
    const holds = (row: string | null) => {
      if (row === null) return false;
      const result: unknown = where(JSON.parse(row) as Row, change);
      if (typeof result !== 'boolean') throw new WrongResult(result, 'a boolean');
      return result;
    };
    const was = holds(before);
    const is = holds(after);
    if (change.op !== 'update') return was || is ? {} : undefined;
    if (is) return was ? {} : { entered: true };
    return was ? { left: true } : undefined;
  }

  /** `where` sees whole rows, and what it throws may quote them: where something is hidden, its kind is all that is said. */
  #whereReason(error: unknown): string {
    const said = this.#digest && !(error instanceof WrongResult) ? kindOfError(error) : messageOf(error);
    return `where of the queue failed: ${said}`;
  }

  #failed(change: EncodedChange, reason: string, members: Members = {}): string {
    const json = this.#fitting(change, { ...members, shapeError: JSON.stringify(reason) });
    return typeof json === 'string' ? json : this.#oversize(change, json, `${reason}; `);
  }

  #oversize(change: EncodedChange, { bytes }: Size, reason = ''): string {
    const size = `its data has ${bytes} bytes, and maxBytes of the queue is ${this.#config.maxBytes}`;
    const shapeError = JSON.stringify(`${reason}${size}: read the row by its key`);
    return this.json(change, { before: 'null', after: 'null', shapeError });
  }
}

/** Of a change's data. */
interface Size {
  readonly bytes: number;
}

function sizeOf(json: string): Size {
  return { bytes: Buffer.byteLength(json) };
}

/** Throws what the function throws, and WrongResult on what is no change. */
function applyTransform(transform: NonNullable<ShapeConfig['transform']>, change: Change): Change | null {
  const { id, op, schema, table, tx } = change;
  const result: unknown = transform(change);
  if (result === null) return null;
  const isChange =
    typeof result === 'object' && !('then' in result) && 'before' in result && 'after' in result;
  if (!isChange) throw new WrongResult(result, 'a change or null');
  // Where a change stands, and what it is of, is not for a function of it to say.
  return { ...(result as Change), id, op, schema, table, tx };
}

class WrongResult extends TypeError {
  constructor(result: unknown, wanted: string) {
    super(`it returned ${kindOf(result)}, and must return ${wanted}`);
    // Of a promise nobody waits for: its failure is nobody's either, and must not end the process.
    if (isThenable(result)) void Promise.resolve(result).catch(() => undefined);
  }
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function membersOf(standing: Standing): Members {
  return Object.fromEntries(Object.keys(standing).map(name => [name, 'true']));
}

/** The message alone: a stack says nothing to whoever reads it in a queue. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function kindOfError(error: unknown): string {
  return error instanceof Error ? `a ${error.name} (what it says may hold what is hidden)` : kindOf(error);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (isThenable(value)) return 'a promise';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object that is none' : `a ${typeof value}`;
}
