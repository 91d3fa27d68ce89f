import { normalTableName } from '@walmq/change';
import type { z } from 'zod';
import { DEAD_LETTER, outboxFields, queueFields } from './schema.js';

/** A mistake in a configuration: the path of the field, and what is wrong. */
export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

type Queue = z.output<typeof queueFields>;

const SHAPE_FIELDS = ['where', 'columns', 'omit', 'mask', 'transform', 'maxBytes'] as const;
/** Fields that feed a queue. A queue needs at least one of them. */
const SOURCES: ReadonlySet<string> = new Set(['table', 'tables', 'messages', 'outbox']);

/**
 * Finds combinations of fields that exclude each other. The input may be any value. Ignores invalid fields, which the schema
 * reports, so that the user sees all mistakes at once.
 */
export function contradictions(input: unknown): Mistake[] {
  const { source = {}, queues = {}, outbox = {}, deadLetter, malformed, redis = {} } = recordOf(input);
  const entries = Object.entries(recordOf(queues)).map(([name, raw]) => ({ name, ...readable(raw) }));
  const outboxTable = outboxFields.safeParse(outbox).data?.table;
  return [
    ...entries.flatMap(({ name, queue, unreadable }) =>
      [...sourceMistakes(queue, unreadable), ...tableMistakes(queue), ...shapeMistakes(queue)].map(
        mistake => ({
          path: ['queues', name, ...mistake.path],
          message: mistake.message,
        }),
      ),
    ),
    ...entries
      .filter(({ queue }) => queue.outbox !== undefined && outboxTable !== undefined)
      .filter(({ queue }) =>
        tablesOf(queue).some(table => normalTableName(table) === normalTableName(outboxTable as string)),
      )
      .map(({ name }) => ({
        path: ['queues', name],
        message: 'reads the outbox as a table too: its rows would come twice',
      })),
    ...deadLetterMistakes(deadLetter, malformed, recordOf(queues)),
    ...passwordMistakes(recordOf(source)),
    ...redisMistakes(recordOf(redis)),
  ];
}

function redisMistakes({ url, sentinel }: Readonly<Record<string, unknown>>): Mistake[] {
  if (url === undefined || sentinel === undefined) return [];
  return [{ path: ['redis', 'sentinel'], message: 'excludes "url": write one of the two' }];
}

function passwordMistakes({ password, passwordCommand }: Readonly<Record<string, unknown>>): Mistake[] {
  if (password === undefined || passwordCommand === undefined) return [];
  return [
    { path: ['source', 'passwordCommand'], message: 'stands beside "password": remove one of the two' },
  ];
}

function deadLetterMistakes(
  deadLetter: unknown,
  malformed: unknown,
  queues: Readonly<Record<string, unknown>>,
): Mistake[] {
  if (deadLetter !== undefined && malformed !== undefined)
    return [{ path: ['malformed'], message: 'is the former name of "deadLetter": remove it' }];
  const name = deadLetter ?? malformed ?? DEAD_LETTER;
  if (typeof name !== 'string' || !Object.hasOwn(queues, name)) return [];
  const option = malformed === undefined ? 'deadLetter' : 'malformed';
  return [{ path: [option], message: `is the name of another queue: ${name}` }];
}

/** The queue without its invalid fields, and the names of the invalid fields. */
function readable(raw: unknown): { queue: Queue; unreadable: readonly string[] } {
  const parsed = queueFields.safeParse(raw);
  if (parsed.success) return { queue: parsed.data, unreadable: [] };
  const unreadable = parsed.error.issues.flatMap(({ path, ...issue }) =>
    path[0] === undefined && issue.code === 'unrecognized_keys' ? issue.keys : [String(path[0])],
  );
  const rest = Object.entries(recordOf(raw)).filter(([field]) => !unreadable.includes(field));
  return { queue: queueFields.parse(Object.fromEntries(rest)), unreadable };
}

function sourceMistakes(queue: Queue, unreadable: readonly string[]): Mistake[] {
  const { table, tables, messages, outbox, onDrift, expect, transform } = queue;
  const mistakes: Mistake[] = [];
  const isFed = table !== undefined || tables !== undefined;
  // A misspelt or invalid field may be the field that feeds the queue.
  const mayBeFed = unreadable.some(field => SOURCES.has(field) || !Object.hasOwn(queueFields.shape, field));
  if (table !== undefined && tables !== undefined)
    mistakes.push({ path: [], message: 'must not name both "table" and "tables"' });
  if (!isFed && !messages && outbox === undefined && !mayBeFed)
    mistakes.push({
      path: [],
      message: 'must name what feeds it: "table" or "tables", "messages" or "outbox"',
    });
  for (const field of ['operations', 'orderBy', 'expect', ...SHAPE_FIELDS] as const)
    if (!isFed && !mayBeFed && queue[field] !== undefined)
      mistakes.push({ path: [field], message: 'is about tables, and it names none' });
  if (onDrift && !expect && !unreadable.includes('expect'))
    mistakes.push({ path: ['onDrift'], message: 'needs "expect" to tell drift by' });
  if (onDrift === 'park' && transform)
    mistakes.push({
      path: ['onDrift'],
      message:
        '"park" holds rows against "expect", and "transform" makes others of them: take "pause" or "stop"',
    });
  return mistakes;
}

function tableMistakes({ tables }: Queue): Mistake[] {
  if (tables === undefined) return [];
  const names = tablesOf({ tables }).map(normalTableName);
  if (names.length === 0) return [{ path: ['tables'], message: 'must name at least one table' }];
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))].map(name => ({
    path: ['tables'],
    message: `names ${name} twice`,
  }));
}

/** Mistakes in the fields that shape a change: two fields that exclude each other, or a field without the field it needs. */
function shapeMistakes({ columns, omit, mask, maxBytes, onOversize }: Queue): Mistake[] {
  const strip = typeof onOversize === 'object' ? onOversize.strip : [];
  const there = (name: string) => (columns?.includes(name) ?? true) && !omit?.includes(name);
  return [
    ...(columns && omit
      ? [{ path: ['omit'], message: 'is said by "columns" already: take one of them' }]
      : []),
    ...Object.keys(mask ?? {})
      .filter(name => !there(name))
      .map(name => ({ path: ['mask', name], message: 'is left out already, so there is nothing to mask' })),
    ...strip
      .filter(name => !there(name))
      .map(name => ({ path: ['onOversize', 'strip'], message: `"${name}" is left out already` })),
    ...(onOversize !== undefined && maxBytes === undefined
      ? [{ path: ['onOversize'], message: 'needs "maxBytes" to tell what is too large' }]
      : []),
  ];
}

function tablesOf({ table, tables }: Pick<Queue, 'table' | 'tables'>): string[] {
  if (table !== undefined) return [table];
  return Array.isArray(tables) ? tables : Object.keys(tables ?? {});
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
