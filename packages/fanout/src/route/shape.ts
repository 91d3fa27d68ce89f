import type { Change, ColumnShape, EncodedChange, Row } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { transformExactly } from './exact-transform.js';
import { type Digest, digestOf, type Mask, masksOf } from './mask.js';
import { hiddenMessageOf, messageOf, WrongResult } from './queue-function.js';
import { type Standing, standingOf } from './where.js';

type ShapeConfig = NonNullable<QueueConfig['shape']>;

/** Members of a change's data, each as JSON text. */
type Members = Readonly<Record<string, string>>;

/**
 * The part of a change that reaches one queue: where, columns and masks, transform, size. A failure of a shape never
 * stops the stream. The change becomes a job with the reason (`shapeError`), which the worker package fails, so that its
 * key waits.
 */
export class Shape {
  readonly #config: ShapeConfig;
  readonly #masks: ReadonlyMap<string, Mask>;
  /** Undefined if the queue hides no column. */
  readonly #digest: Digest | undefined;

  /** Throws MASK_KEY_MISSING. */
  constructor(queue: string, config: ShapeConfig) {
    const { columns, omit, mask = {} } = config;
    this.#config = config;
    this.#masks = masksOf(queue, mask);
    const hides = columns !== undefined || omit !== undefined || this.#masks.size > 0;
    this.#digest = hides ? digestOf(mask) : undefined;
  }

  /** The change's data for this queue; undefined if filtered out. */
  apply(change: EncodedChange): string | undefined {
    let standing: Standing | undefined;
    try {
      standing = standingOf(change, this.#config.where);
    } catch (error) {
      // `where` gets the hidden columns too.
      const message = this.#digest ? hiddenMessageOf(error) : messageOf(error);
      return this.#failed(change, `where of the queue failed: ${message}`);
    }
    if (!standing) return undefined;
    try {
      return this.#transformed(change, { ...standing });
    } catch (error) {
      return this.#failed(change, `transform of the queue failed: ${messageOf(error)}`, { ...standing });
    }
  }

  /** The data of a change whose values are in doubt: its worker fails it with this reason. */
  refused(change: EncodedChange, reason: string): string {
    return this.#failed(change, reason);
  }

  /** The ordering key as Redis gets it. If the queue hides a column, the key is a digest, which orders as well. */
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

  /** The change for this queue, not transformed, with these members in place of its own. */
  json(change: EncodedChange, members: Members, strip: readonly string[] = []): string {
    return change.jsonShaped((name, inKey) => this.columnShape(name, inKey, strip), members);
  }

  /** How the queue's changes show a column. `strip`: columns that a change lacks because it was too large. */
  columnShape(name: string, inKey: boolean, strip: readonly string[] = []): ColumnShape {
    const { columns, omit = [], mask } = this.#config;
    // The key identifies the row: only `omit` removes it.
    if (omit.includes(name) || (!inKey && (strip.includes(name) || columns?.includes(name) === false)))
      return 'omit';
    return (mask && this.#masks.get(name)) ?? 'keep';
  }

  #fits(json: string): boolean {
    const { maxBytes } = this.#config;
    return maxBytes === undefined || Buffer.byteLength(json) <= maxBytes;
  }

  /** JSON if it fits into the queue's `maxBytes`, else its size. Counts first, so that nothing far too large is written. */
  #fitting(change: EncodedChange, members: Members, strip: readonly string[] = []): string | Size {
    const { maxBytes } = this.#config;
    if (maxBytes === undefined) return this.json(change, members, strip);
    const rows = change.bytesBeyond(maxBytes, name => this.columnShape(name, false, strip));
    if (rows !== undefined) {
      const rest = this.json(change, { ...members, before: 'null', after: 'null' }, strip);
      return { bytes: Buffer.byteLength(rest) - 2 * 'null'.length + rows };
    }
    const json = this.json(change, members, strip);
    return this.#fits(json) ? json : sizeOf(json);
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

/** Size of a change's data. */
interface Size {
  readonly bytes: number;
}

function sizeOf(json: string): Size {
  return { bytes: Buffer.byteLength(json) };
}

/** Throws what the function throws, and WrongResult if it returns no change. */
function applyTransform(transform: NonNullable<ShapeConfig['transform']>, change: Change): Change | null {
  const { id, op, schema, table, tx } = change;
  const result: unknown = transform(change);
  if (result === null) return null;
  const isChange =
    typeof result === 'object' && !('then' in result) && 'before' in result && 'after' in result;
  if (!isChange) throw new WrongResult(result, 'a change or null');
  // A function must not change the position and the table of a change.
  return { ...(result as Change), id, op, schema, table, tx };
}
