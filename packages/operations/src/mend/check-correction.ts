import {
  EVENT_LIMITS,
  isNestedDeeper,
  type Json,
  jsonMembers,
  parseExactJson,
  qualifiedName,
  WalmqError,
} from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { mismatchesOf } from '@walmq/row-types';

/** Members of a change that a correction may replace. */
const ROWS = ['before', 'after'] as const;
type RowName = (typeof ROWS)[number];

/** Marks a corrected change, and is rewritten by each correction. */
const MARK = 'corrected';
/** Describes the rows of an update: follows from the corrected rows. */
const DERIVED = ['changed', 'jsonNulls'];

/** Bytes of a corrected change where the queue has no limit of its own. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_LEVELS = EVENT_LIMITS.depth + 2;

export interface CorrectionInput {
  /** The change's JSON text, as the queue holds it. */
  readonly original: string;
  /** What the operator gives: a whole change, or `before` and `after` alone. */
  readonly given: string;
  readonly queue: Pick<QueueConfig, 'name' | 'tables' | 'shape'>;
}

/** A correction that may be stored. */
export interface Correction {
  /** The corrected change, with the mark in it. Values that stay keep their text, to the last digit. */
  json(mark: { readonly at: string; readonly by: string }): string;
  /** The columns that differ, as `after.total`. */
  readonly differs: readonly string[];
}

type Members = ReadonlyMap<string, string>;

/**
 * Checks a corrected copy of a change. It may correct values of its rows. It keeps everything that makes it this change: id, table,
 * key, transaction, the columns that order the queue, and the values that the queue masks. Throws CORRECTION_INVALID with all
 * mistakes.
 */
export function checkCorrection({ original, given, queue }: CorrectionInput): Correction {
  const members = membersOf(original);
  if (!members) throw invalid(['the job holds no change, so it has nothing that could be corrected']);
  const wanted = readGiven(given);
  const mistakes = keptMistakes(members, wanted);
  const rows = Object.fromEntries(
    ROWS.map(name => [name, wanted.get(name) ?? members.get(name) ?? 'null']),
  ) as Record<RowName, string>;
  const isEvent = isEventOf(members, queue);
  const fixed = isEvent ? new Set(['type']) : fixedColumns(members, queue);
  const differs: string[] = [];
  for (const name of ROWS) {
    const compared = compareRows(members.get(name) ?? 'null', rows[name], {
      name,
      fixed,
      mayAppear: members.has('shapeError'),
    });
    mistakes.push(...compared.mistakes);
    differs.push(...compared.differs);
  }
  const dropsError = members.has('shapeError') && wanted.get('shapeError') === 'null';
  if (mistakes.length === 0 && !isEvent) mistakes.push(...typeMistakes(members, rows, queue));
  if (mistakes.length === 0 && differs.length === 0 && !dropsError) mistakes.push('it changes nothing');
  const json = (mark: { readonly at: string; readonly by: string }) =>
    write(members, { rows, dropsError, mark });
  const bytes = Buffer.byteLength(json({ at: '2026-01-31T10:00:00.000Z', by: '' }));
  const most = queue.shape?.maxBytes ?? MOST_BYTES;
  if (bytes > most) mistakes.push(`it has ${bytes} bytes, and at most ${most} are allowed`);
  if (mistakes.length > 0) throw invalid(mistakes);
  return { json, differs };
}

function invalid(mistakes: readonly string[]): WalmqError {
  return new WalmqError('CORRECTION_INVALID', `the correction is refused: ${mistakes.join('; ')}.`, {
    remedy:
      'Take the change as it is ("walmq correct <id>" prints it), and correct values of "after" or "before" only.',
  });
}

/** Undefined if it is no JSON object. */
function membersOf(json: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return jsonMembers(json);
  } catch {
    return undefined;
  }
}

function readGiven(given: string): Members {
  if (Buffer.byteLength(given) > 2 * MOST_BYTES) throw invalid([`it has more than ${2 * MOST_BYTES} bytes`]);
  if (isNestedDeeper(given, MOST_LEVELS)) throw invalid([`it is nested deeper than ${MOST_LEVELS} levels`]);
  try {
    JSON.parse(given);
  } catch (error) {
    throw invalid([`it is not JSON: ${(error as Error).message}`]);
  }
  const members = membersOf(given);
  if (!members) throw invalid(['it must be one JSON object, without a name that occurs twice']);
  return members;
}

/** All members but the rows stay as they are. */
function keptMistakes(members: Members, wanted: Members): string[] {
  return [...wanted].flatMap(([name, json]) => {
    if (isRow(name) || name === MARK || DERIVED.includes(name)) return [];
    if (name === 'shapeError' && json === 'null') return [];
    const own = members.get(name);
    if (own === undefined) return [`a change has no ${JSON.stringify(name)}`];
    return isSame(own, json)
      ? []
      : [`${JSON.stringify(name)} cannot be corrected: it makes the change what it is`];
  });
}

function isRow(name: string): name is RowName {
  return (ROWS as readonly string[]).includes(name);
}

/** The same value, however it is written; digits count. */
function isSame(one: string, other: string): boolean {
  return one === other || canonical(parseExactJson(one)) === canonical(parseExactJson(other));
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_name, inner: Json) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

interface RowRules {
  readonly name: RowName;
  /** Columns whose values stay. */
  readonly fixed: ReadonlySet<string>;
  /** True if a row may be given where the change has none: the change could not be shaped. */
  readonly mayAppear: boolean;
}

function compareRows(own: string, given: string, { name, fixed, mayAppear }: RowRules) {
  const mistakes: string[] = [];
  const differs: string[] = [];
  if (own === given) return { mistakes, differs };
  const [was, is] = [membersOf(own), membersOf(given)];
  if (!is && given !== 'null') mistakes.push(`"${name}" must be an object, without a name that occurs twice`);
  else if (is && !was && mayAppear) differs.push(name);
  else if (!is !== !was)
    mistakes.push(`"${name}" ${was ? 'cannot become null' : 'is null in this change, and stays so'}`);
  else if (is && was)
    for (const column of new Set([...was.keys(), ...is.keys()])) {
      const [before, after] = [was.get(column), is.get(column)];
      if (before !== undefined && after !== undefined && isSame(before, after)) continue;
      if (before === undefined)
        mistakes.push(`"${name}" of this change has no column ${JSON.stringify(column)}`);
      else if (after === undefined) mistakes.push(`"${name}" lacks the column ${JSON.stringify(column)}`);
      else if (fixed.has(column))
        mistakes.push(
          `"${name}"."${column}" stays as it is: it is of the key, orders the queue, or is masked`,
        );
      else differs.push(`${name}.${column}`);
    }
  return { mistakes, differs };
}

/** Columns of the key, of the queue's order, and those that the queue masks. */
function fixedColumns(members: Members, queue: CorrectionInput['queue']): Set<string> {
  const route = routeOf(members, queue);
  const key = membersOf(members.get('key') ?? 'null');
  const orderBy = route && typeof route.orderBy === 'object' ? [route.orderBy.column] : [];
  return new Set([...(key?.keys() ?? []), ...orderBy, ...Object.keys(queue.shape?.mask ?? {})]);
}

function textMember(members: Members, name: string): string {
  return String(JSON.parse(members.get(name) ?? 'null'));
}

function routeOf(members: Members, { tables }: CorrectionInput['queue']) {
  const name = { schema: textMember(members, 'schema'), table: textMember(members, 'table') };
  return tables.find(table => qualifiedName(table) === qualifiedName(name));
}

/** A logical message, or a row of the outbox: `after` is the event. */
function isEventOf(members: Members, queue: CorrectionInput['queue']): boolean {
  if (textMember(members, 'op') === 'message') return true;
  return (
    routeOf(members, queue) === undefined &&
    membersOf(members.get('after') ?? 'null')?.has('payload') === true
  );
}

/** Values that are not of the type that the queue expects, or else not of the kind that they were. */
function typeMistakes(
  members: Members,
  rows: Record<RowName, string>,
  queue: CorrectionInput['queue'],
): string[] {
  const route = routeOf(members, queue);
  const parsed = (name: RowName) => JSON.parse(rows[name]) as Record<string, Json> | null;
  const { mask, columns, omit = [] } = queue.shape ?? {};
  if (route?.expected) {
    const list = (name: string) => JSON.parse(members.get(name) ?? '[]') as string[];
    return mismatchesOf({
      name: qualifiedName(route),
      table: route.expected,
      sent: column =>
        columns?.includes(column) !== false && !omit.includes(column) && mask?.[column] === undefined,
    })({
      op: textMember(members, 'op'),
      before: parsed('before'),
      after: parsed('after'),
      unchanged: list('unchanged'),
      stripped: list('stripped'),
    });
  }
  return ROWS.flatMap(name => {
    const was = JSON.parse(members.get(name) ?? 'null') as Record<string, Json> | null;
    return Object.entries(parsed(name) ?? {}).flatMap(([column, value]) => {
      const kinds = [kindOf(was?.[column]), kindOf(value)];
      // Null fits every kind, and nothing is known of a value that was null.
      if (kinds.includes('null') || kinds.includes('undefined') || kinds[0] === kinds[1]) return [];
      return [`"${name}"."${column}" is a ${kinds[1]}, and was a ${kinds[0]}`];
    });
  });
}

function kindOf(value: Json | undefined): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

interface Written {
  readonly rows: Record<RowName, string>;
  readonly dropsError: boolean;
  readonly mark: { readonly at: string; readonly by: string };
}

/** Writes the change from the texts of its members, so that no digit of any value is lost. */
function write(members: Members, { rows, dropsError, mark }: Written): string {
  const parts: string[] = [];
  for (const [name, own] of members) {
    if (name === MARK || (name === 'shapeError' && dropsError)) continue;
    const json = isRow(name)
      ? rows[name]
      : name === 'changed'
        ? changedOf(rows)
        : name === 'jsonNulls'
          ? nullsOf(own, rows)
          : own;
    parts.push(`${JSON.stringify(name)}:${json}`);
  }
  return `{${parts.join(',')},"${MARK}":${JSON.stringify(mark)}}`;
}

/** Names of the columns that differ between the old and the new row. */
function changedOf(rows: Record<RowName, string>): string {
  const [before, after] = [membersOf(rows.before), membersOf(rows.after)];
  if (!before || !after) return '[]';
  return JSON.stringify(
    [...after].flatMap(([name, json]) => {
      const was = before.get(name);
      return was !== undefined && isSame(was, json) ? [] : [name];
    }),
  );
}

/** A json column that held JSON's null, and holds another value now, is no longer named. */
function nullsOf(own: string, rows: Record<RowName, string>): string {
  const named = JSON.parse(own) as Partial<Record<RowName, string[]>>;
  const kept = Object.entries(named).flatMap(([name, columns]) => {
    const row = membersOf(isRow(name) ? rows[name] : 'null');
    const still = columns.filter(column => column.includes('[') || row?.get(column) === 'null');
    return still.length > 0 ? [[name, still] as const] : [];
  });
  return JSON.stringify(Object.fromEntries(kept));
}
