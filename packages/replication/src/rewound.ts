import type { Change, ColumnShape, EncodedChange, Json, Operation, Row } from '@walmq/change';
import { decodeUtf8 } from './encoding.js';
import { decimalText, jsonText } from './ordering-text.js';
import type { Transaction } from './transaction.js';

/** Prefix of the logical messages that are changes sent again: the queue's name as JSON, a line break, the change. */
export const REWIND_PREFIX = 'walmq.rewind';

/**
 * A change that was kept and is sent again, as a change of the transaction that sends it: with an id of its own, since it
 * is one more delivery, and otherwise as it was. An error says why it is none.
 */
export function readRewound(
  content: Buffer,
  transaction: Transaction,
): { readonly queue: string; readonly change: EncodedChange } | Error {
  // Its number is taken whatever it says, so that numbers follow from the stream alone.
  const { id } = transaction.next();
  const text = decodeUtf8(content);
  if (text === undefined) return new Error('it is not UTF-8');
  const end = text.indexOf('\n');
  try {
    const queue: unknown = JSON.parse(text.slice(0, end));
    const json = text.slice(end + 1);
    const change = JSON.parse(json) as Change;
    if (typeof queue !== 'string' || typeof change.id !== 'string' || typeof change.table !== 'string')
      return new Error('it is no change that was kept');
    return { queue, change: new RewoundChange(id, change, json) };
  } catch {
    return new Error('it is not JSON');
  }
}

class RewoundChange implements EncodedChange {
  readonly id: string;
  readonly op: Operation;
  readonly schema: string;
  readonly table: string;
  readonly #change: Change;
  readonly #json: string;

  constructor(id: string, change: Change, json: string) {
    this.id = id;
    this.op = change.op;
    this.schema = change.schema;
    this.table = change.table;
    this.#change = change;
    this.#json = json;
  }

  /** The text as it was kept: no digit is lost by reading it. */
  get json(): string {
    const head = `{"id":${JSON.stringify(this.#change.id)},`;
    if (!this.#json.startsWith(head)) return JSON.stringify({ ...this.#change, ...this.#own });
    return `${JSON.stringify(this.#own).slice(0, -1)},${this.#json.slice(head.length)}`;
  }

  get keyText(): string | null {
    const values = Object.values(this.#change.key ?? {});
    return values.length === 0 ? null : values.map(value => orderingTextOf(value as Json)).join(',');
  }

  get formerKeyText(): string | null {
    const values = Object.values(this.#change.key ?? {});
    return values.length === 0 ? null : values.map(value => JSON.stringify(value)).join(',');
  }

  get rows() {
    const { key, before, after } = this.#change;
    const isWhole = Object.keys(before ?? {}).length > Object.keys(key ?? {}).length;
    return {
      before: before && isWhole ? JSON.stringify(before) : null,
      after: after && JSON.stringify(after),
    };
  }

  valuesOf(column: string): readonly string[] {
    return this.#textsOf(column, value => JSON.stringify(value));
  }

  orderingTextsOf(column: string): readonly string[] {
    return this.#textsOf(column, orderingTextOf);
  }

  #textsOf(column: string, textOf: (value: Json) => string): readonly string[] {
    const rows = [this.#change.before, this.#change.after].filter(
      row => row && Object.hasOwn(row, column),
    ) as Row[];
    return [...new Set(rows.map(row => textOf(row[column] as Json)))];
  }

  jsonShaped(
    column: (name: string, inKey: boolean) => ColumnShape,
    members: Readonly<Record<string, string>>,
  ): string {
    const shaped = (row: Row | null, inKey: boolean) =>
      row &&
      Object.fromEntries(
        Object.entries(row).flatMap(([name, value]) => {
          const shape = column(name, inKey);
          if (shape === 'omit') return [];
          return [[name, shape === 'keep' ? value : JSON.parse(shape(JSON.stringify(value)))]];
        }),
      );
    const { key, before, after, changed, unchanged } = this.#change;
    const kept = (names: readonly string[]) => names.filter(name => column(name, false) !== 'omit');
    return JSON.stringify({
      ...this.#change,
      ...this.#own,
      ...{ key: shaped(key as Row | null, true), before: shaped(before, false), after: shaped(after, false) },
      ...(changed ? { changed: kept(changed) } : {}),
      ...(unchanged ? { unchanged: kept(unchanged) } : {}),
      ...Object.fromEntries(Object.entries(members).map(([name, json]) => [name, JSON.parse(json)])),
    });
  }

  get #own() {
    return { id: this.id, rewound: this.#change.id };
  }
}

/**
 * As RowChange has it, as far as JSON tells: of a text nobody says whether it was a numeric's, so it stays as it was
 * spelt, which is how a column of one type and scale spells it always.
 */
function orderingTextOf(value: Json): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return JSON.stringify(decimalText(String(value)));
  return JSON.stringify(jsonText(JSON.stringify(value)));
}
