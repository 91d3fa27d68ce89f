import { CodedError } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import {
  isLogQueue,
  type LogDatabase,
  type LogEntry,
  type LogFilter,
  type LogPage,
  logUnavailable,
  readLog,
  shownJson,
} from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { FastifyInstance } from 'fastify';
import type { ActionTokens } from '../access/identify.js';
import { viewerOf } from '../page/viewer.js';
import { type LogQuery, logPage } from './log-page.js';

export interface LogOptions {
  readonly http: FastifyInstance;
  readonly tokens: ActionTokens;
  readonly database: LogDatabase | Error;
  readonly config: Pick<WalmqConfig, 'queues'>;
}

const NO_PAGE: LogPage = { entries: [], next: undefined };

/** GET /log: what operators did, newest first, filtered by the query. */
export function mountLog({ http, tokens, database, config }: LogOptions): void {
  const queues = Object.values(config.queues);
  http.get('/log', async (request, reply) => {
    const query = queryOf(request.query as Readonly<Record<string, unknown>>);
    const filter = filterOf(query);
    const draw = (found: LogPage, problem?: string) =>
      logPage({
        viewer: viewerOf(request, tokens),
        query,
        found,
        queues: Object.keys(config.queues),
        problem,
      });
    reply.type('text/html; charset=utf-8');
    if (typeof filter === 'string') return await reply.code(400).send(draw(NO_PAGE, filter));
    try {
      if (database instanceof Error) throw logUnavailable(database);
      const { entries, next } = await readLog(database, filter);
      return await reply.send(draw({ entries: entries.map(entry => shownEntry(queues, entry)), next }));
    } catch (error) {
      const sentence = error instanceof CodedError ? error.sentence : (error as Error).message;
      return await reply.code(503).send(draw(NO_PAGE, redact(sentence)));
    }
  });
}

/** An entry about the queue of a log, which takes whole rows, without what the other queues hide. */
function shownEntry(queues: readonly QueueConfig[], entry: LogEntry): LogEntry {
  const { queue, original, corrected } = entry;
  if (queue === null || !isLogQueue(queue)) return entry;
  const shown = (json: string | null) => json && shownJson(queues, queue, json);
  return { ...entry, key: null, original: shown(original), corrected: shown(corrected) };
}

const NAMES = ['who', 'action', 'queue', 'outcome', 'change', 'since', 'until', 'before'] as const;

function queryOf(given: Readonly<Record<string, unknown>>): LogQuery {
  return Object.fromEntries(
    NAMES.flatMap(name => {
      const value = given[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
}

/** A sentence if a value cannot be read. */
function filterOf({ since, until, before, change, ...same }: LogQuery): LogFilter | string {
  // A browser's field has no time zone; all times of the page are in UTC.
  const ms = (text: string | undefined) => (text === undefined ? undefined : Date.parse(`${text}Z`));
  const [fromMs, toMs] = [ms(since), ms(until)];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return 'The times must be like 2026-01-31T10:00.';
  if (before !== undefined && !/^\d{1,18}$/.test(before)) return 'There is no such page of the log.';
  return { ...same, changeId: change, fromMs, toMs, before };
}
