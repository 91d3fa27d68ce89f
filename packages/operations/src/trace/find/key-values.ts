import {
  decimalText,
  didYouMean,
  type Json,
  parseIdentifier,
  type Row,
  type TableName,
  tableName,
  WalmqError,
} from '@walmq/change';
import { readTypedValue, type TypedColumn, type TypedTable } from '@walmq/replication';
import type { ClientBase } from 'pg';

/** A typed key: which ordering keys and which JSON keys stand for it. */
export interface KeyValues {
  /** Ordering texts of the whole key: one if the types are known, more if they are guessed. */
  readonly orderingTexts: readonly string[];
  /** The key as JSON objects, in the spellings that changes may have; empty if the column names are not known. */
  readonly keys: readonly string[];
  readonly columns: readonly ColumnValues[];
}

export interface ColumnValues {
  /** Undefined if the key's columns are not known. */
  readonly column: TypedColumn | undefined;
  readonly text: string;
  /** JSON texts of the value. */
  readonly jsons: readonly string[];
  /** True if values are compared as numbers. */
  readonly isNumber: boolean;
}

const NUMBERS: ReadonlySet<string> = new Set([
  'smallint',
  'integer',
  'bigint',
  'numeric',
  'real',
  'double precision',
  'oid',
]);
/** Number of spellings of a whole key to look for. */
const MOST_SPELLINGS = 64;

/** Without types a value may be a text or a number. */
export function guessedKey(texts: readonly string[]): KeyValues {
  const columns = texts.map(text => ({ column: undefined, text, jsons: guessedJsons(text), isNumber: true }));
  const orderings = texts.map(text =>
    [...new Set([text, decimalText(text)])].map(each => JSON.stringify(each)),
  );
  return { orderingTexts: combinations(orderings).map(each => each.join(',')), keys: [], columns };
}

/** Throws KEY_INVALID if the texts are no key of the table. */
export async function typedKey(
  client: ClientBase,
  {
    name,
    table,
    words,
  }: { readonly name: TableName; readonly table: TypedTable; readonly words: readonly string[] },
): Promise<KeyValues> {
  const texts = splitKey(words, { name, key: table.key, columns: [...table.columns.keys()] });
  const columns: ColumnValues[] = [];
  const orderings: string[] = [];
  for (const [index, text] of texts.entries()) {
    const column = table.columns.get(table.key[index] as string) as TypedColumn;
    const value = await readTypedValue(client, column, text);
    if (value === undefined)
      throw keyInvalid(
        `"${text}" is no ${column.typeName}, the type of ${tableName(name)}.${column.name}.`,
        'Write the value as a literal of the type.',
      );
    orderings.push(value.ordering);
    // A column that was an integer when the change was made and is a bigint now: 42 and "42".
    const jsons = [...new Set([...value.jsons, ...value.jsons.flatMap(otherSpelling)])];
    columns.push({ column, text, jsons, isNumber: NUMBERS.has(column.bareTypeName) });
  }
  const keys = combinations(columns.map(({ jsons }) => jsons)).map(
    jsons => `{${jsons.map((json, index) => `${JSON.stringify(table.key[index])}:${json}`).join(',')}}`,
  );
  return { orderingTexts: [orderings.join(',')], keys, columns };
}

/** True if a change's key is the typed one. `shown`: how a queue shows a JSON value of a column. */
export function isKey(
  { columns }: KeyValues,
  key: Row | null,
  shown: (column: string, json: string) => string | undefined = (_, json) => json,
): boolean {
  const members = Object.entries(key ?? {});
  if (members.length !== columns.length) return false;
  return columns.every(({ column, jsons, isNumber }, index) => {
    const [name, value] = (column ? [column.name, key?.[column.name]] : members[index]) as [
      string,
      Json | undefined,
    ];
    if (value === undefined) return false;
    const text = JSON.stringify(value);
    return jsons.some(json => {
      const expected = shown(name, json);
      return expected !== undefined && (expected === text || (isNumber && isSameNumber(expected, text)));
    });
  });
}

/** Splits what was typed into one text per column of the key. Throws KEY_INVALID. */
export function splitKey(
  words: readonly string[],
  {
    name,
    key,
    columns,
  }: { readonly name: TableName; readonly key: readonly string[]; readonly columns: readonly string[] },
): string[] {
  if (key.length === 0)
    throw keyInvalid(
      `${tableName(name)} has no key: a change of it does not say which row it belongs to.`,
      'Look for a change by its id (--change) or by the LSN of its transaction (--lsn).',
    );
  const table = tableName(name);
  const asObject = parsed(words, value =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined,
  );
  const pairs = words.map(word => /^("(?:[^"]|"")+"|[^=]+)=(.*)$/su.exec(word));
  // A value may contain "=": it names a column only if such a column exists, or if all words look alike.
  const named =
    asObject ??
    (words.length > 0 &&
    pairs.every(
      pair =>
        pair &&
        (columns.includes(parseIdentifier(pair[1] as string)) ||
          (key.length === words.length && key.length > 1)),
    )
      ? Object.fromEntries(pairs.map(pair => [parseIdentifier(pair?.[1] as string), pair?.[2] as string]))
      : undefined);
  if (named) {
    const unknown = Object.keys(named).find(column => !key.includes(column));
    if (unknown !== undefined)
      throw keyInvalid(
        `${table} has no column "${unknown}" in its key.${didYouMean(unknown, key)}`,
        `Its key is (${key.join(', ')}).`,
      );
    const missing = key.find(column => !Object.hasOwn(named, column));
    if (missing !== undefined) throw countWrong(table, key, Object.keys(named).length);
    return key.map(column => textOf(named[column] as Json));
  }
  const asArray = parsed(words, value => (Array.isArray(value) ? (value as Json[]) : undefined));
  const [first = ''] = words;
  const texts =
    asArray && asArray.length === key.length
      ? asArray.map(textOf)
      : words.length === 1 && key.length > 1
        ? first.split(/[\s,]+/).filter(text => text !== '')
        : words;
  if (texts.length !== key.length) throw countWrong(table, key, texts.length);
  return [...texts];
}

function parsed<T>(words: readonly string[], take: (value: Json) => T | undefined): T | undefined {
  const [first] = words;
  if (words.length !== 1 || first === undefined || !/^\s*[[{]/.test(first)) return undefined;
  try {
    return take(JSON.parse(first) as Json);
  } catch {
    return undefined;
  }
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function countWrong(table: string, key: readonly string[], given: number): WalmqError {
  return keyInvalid(
    `the key of ${table} is (${key.join(', ')}), and ${given} value${given === 1 ? ' was' : 's were'} given.`,
    `Give ${key.length === 1 ? 'one value' : `${key.length} values in this order, or ${key.map(column => `${column}=...`).join(' ')}`}.`,
  );
}

export function keyInvalid(sentence: string, remedy: string): WalmqError {
  return new WalmqError('KEY_INVALID', sentence, { remedy });
}

function guessedJsons(text: string): string[] {
  const quoted = JSON.stringify(text);
  return [quoted, ...otherSpelling(quoted), ...(text === 'true' || text === 'false' ? [text] : [])];
}

/** `"42"` for `42` and the other way round. */
function otherSpelling(json: string): string[] {
  if (/^-?\d+(\.\d+)?$/.test(json)) return [JSON.stringify(json)];
  const inner = /^"(-?(?:0|[1-9]\d*)(?:\.\d+)?)"$/.exec(json)?.[1];
  return inner === undefined ? [] : [inner];
}

function isSameNumber(a: string, b: string): boolean {
  const number = (json: string) => /^"?(-?[\d.]+(?:[eE][+-]?\d+)?)"?$/.exec(json)?.[1];
  const [first, second] = [number(a), number(b)];
  return first !== undefined && second !== undefined && decimalText(first) === decimalText(second);
}

function combinations(lists: readonly (readonly string[])[]): string[][] {
  const count = lists.reduce((product, { length }) => product * length, 1);
  return (count > MOST_SPELLINGS ? lists.map(list => list.slice(0, 1)) : lists).reduce<string[][]>(
    (done, list) => done.flatMap(begun => list.map(item => [...begun, item])),
    [[]],
  );
}
