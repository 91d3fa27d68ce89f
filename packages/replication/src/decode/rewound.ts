import {
  type ColumnShape,
  decimalText,
  type EncodedChange,
  jsonMembers,
  OPERATIONS,
  type Operation,
} from '@walmq/change';
import { jsonText } from '../values/ordering-text.js';
import { decodeUtf8 } from './encoding.js';

/** Prefix of the logical messages that send a change again. Content: the queue's name as JSON, a line break, the change. */
export const REWIND_PREFIX = 'walmq.rewind';

/** A change that a rewind sends again, and the queue that receives the change. */
export interface Rewound {
  readonly queue: string;
  readonly change: EncodedChange;
}

/**
 * Reads a change that a rewind sends again. The change gets a new id, because it is a new delivery. Everything else
 * stays the same. Returns an error with the reason if the content is not such a change. Does not check whether a rewind sent the
 * message: every role may send messages, so the caller must check.
 */
export function readRewound(content: Buffer, id: string): Rewound | Error {
  try {
    const text = decodeUtf8(content);
    if (text === undefined) return new Error('it is not UTF-8');
    const end = text.indexOf('\n');
    const queue: unknown = JSON.parse(text.slice(0, end));
    const json = text.slice(end + 1);
    const change: unknown = JSON.parse(json);
    const parts = isObject(change) ? partsOf(change, json) : undefined;
    return typeof queue === 'string' && parts
      ? { queue, change: new RewoundChange(id, parts) }
      : new Error('it is no change that was kept');
  } catch {
    return new Error('it is not JSON');
  }
}

type Members = ReadonlyMap<string, string>;

/** The parts of a kept change that decide its route and shape. Members map names to JSON texts. */
interface Parts {
  readonly op: Operation;
  readonly schema: string;
  readonly table: string;
  readonly all: Members;
  readonly key: Members | null;
  readonly before: Members | null;
  readonly after: Members | null;
  readonly changed: readonly string[] | undefined;
  readonly unchanged: readonly string[] | undefined;
}

const ID = /^[0-9A-F]{16}-\d{10}$/;
/** Events are not kept, so they are never sent again. */
const ROW_OPERATIONS: ReadonlySet<unknown> = new Set(OPERATIONS.filter(op => op !== 'message'));

/** Returns undefined if the object is not a row change, or if the object or one of its rows has a member twice. */
function partsOf(change: Record<string, unknown>, json: string): Parts | undefined {
  const { id, op, schema, table, key, before, after, changed, unchanged, tx, context } = change;
  const isChange =
    typeof id === 'string' &&
    ID.test(id) &&
    ROW_OPERATIONS.has(op) &&
    typeof schema === 'string' &&
    typeof table === 'string' &&
    isObject(tx) &&
    (context === undefined || isObject(context)) &&
    [changed, unchanged].every(isNames) &&
    [key, before, after].every(row => row === null || isObject(row));
  const all = isChange ? jsonMembers(json) : undefined;
  if (!all) return undefined;
  const rows = [key, before, after].map((row, index) =>
    row === null ? null : jsonMembers(all.get(ROWS[index] as string) as string),
  );
  if (rows.includes(undefined)) return undefined;
  const [keyMembers, beforeMembers, afterMembers] = rows as [Members | null, Members | null, Members | null];
  return {
    op: op as Operation,
    schema: schema as string,
    table: table as string,
    all,
    key: keyMembers,
    before: beforeMembers,
    after: afterMembers,
    changed: changed as string[] | undefined,
    unchanged: unchanged as string[] | undefined,
  };
}

const ROWS = ['key', 'before', 'after'] as const;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNames(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(name => typeof name === 'string'));
}

/** Works on JSON texts only, so no digit of a number is lost, and no value is nested too deeply. */
class RewoundChange implements EncodedChange {
  readonly id: string;
  readonly op: Operation;
  readonly schema: string;
  readonly table: string;
  readonly #parts: Parts;

  constructor(id: string, parts: Parts) {
    this.id = id;
    this.op = parts.op;
    this.schema = parts.schema;
    this.table = parts.table;
    this.#parts = parts;
  }

  get json(): string {
    return this.#jsonWith({});
  }

  get keyText(): string | null {
    const { key } = this.#parts;
    return key && key.size > 0 ? [...key.values()].map(orderingTextOf).join(',') : null;
  }

  get formerKeyText(): string | null {
    const { key } = this.#parts;
    return key && key.size > 0 ? [...key.values()].join(',') : null;
  }

  get rows() {
    const { key, before, after, all } = this.#parts;
    const isWhole = before !== null && before.size > (key?.size ?? 0);
    return {
      before: isWhole ? (all.get('before') as string) : null,
      after: after && (all.get('after') as string),
    };
  }

  valuesOf(column: string): readonly string[] {
    const { before, after } = this.#parts;
    const values = [before?.get(column), after?.get(column)];
    return [...new Set(values.filter(value => value !== undefined))];
  }

  orderingTextsOf(column: string): readonly string[] {
    return [...new Set(this.valuesOf(column).map(orderingTextOf))];
  }

  /** Always undefined: the JSON text is in memory already, so the caller can measure the text. */
  bytesBeyond(): undefined {
    return undefined;
  }

  jsonShaped(
    column: (name: string, inKey: boolean) => ColumnShape,
    members: Readonly<Record<string, string>>,
  ): string {
    const { key, before, after, changed, unchanged, all } = this.#parts;
    const kept = (names: readonly string[]) =>
      JSON.stringify(names.filter(name => column(name, false) !== 'omit'));
    return this.#jsonWith({
      key: shaped(key, column, true),
      before: shaped(before, column, false),
      after: shaped(after, column, false),
      ...(changed ? { changed: kept(changed) } : {}),
      ...(unchanged ? { unchanged: kept(unchanged) } : {}),
      ...(all.has('jsonNulls') ? { jsonNulls: shownNulls(all.get('jsonNulls') as string, column) } : {}),
      ...members,
    });
  }

  #jsonWith(members: Readonly<Record<string, string>>): string {
    const { all } = this.#parts;
    const own = { id: JSON.stringify(this.id), rewound: all.get('id') as string };
    const parts = new Map([...Object.entries(own), ...all, ...Object.entries({ ...members, ...own })]);
    return objectJson(parts);
  }
}

function shaped(
  row: Members | null,
  column: (name: string, inKey: boolean) => ColumnShape,
  inKey: boolean,
): string {
  if (!row) return 'null';
  const kept = [...row].flatMap(([name, json]): [string, string][] => {
    const shape = column(name, inKey);
    return shape === 'omit' ? [] : [[name, shape === 'keep' ? json : shape(json)]];
  });
  return objectJson(kept);
}

/** The member `jsonNulls`, only with the columns that have the shape `keep`. */
function shownNulls(json: string, column: (name: string, inKey: boolean) => ColumnShape): string {
  const nulls: unknown = JSON.parse(json);
  const isShown = (path: unknown) =>
    typeof path === 'string' && column(path.replace(/(\[\d+\])+$/, ''), false) === 'keep';
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(isObject(nulls) ? nulls : {}).map(([row, paths]) => [
        row,
        Array.isArray(paths) ? paths.filter(isShown) : [],
      ]),
    ),
  );
}

function objectJson(members: Iterable<readonly [string, string]>): string {
  return `{${[...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

/**
 * Returns the same ordering text as RowChange, as far as JSON shows the type. JSON does not show whether a string was a
 * numeric, so a string keeps its spelling. A column of one type and scale always spells a value alike.
 */
function orderingTextOf(json: string): string {
  if (json === 'null') return 'null';
  if (json.startsWith('"')) return JSON.stringify(JSON.parse(json));
  return JSON.stringify(/^[-\d]/.test(json) ? decimalText(json) : jsonText(json));
}
