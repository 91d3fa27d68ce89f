import { CodedError } from '@walmq/change';
import { type LogDatabase, type LogFilter, type LogPage, logUnavailable, readLog } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { FastifyInstance } from 'fastify';
import type { ActionTokens } from '../access/identify.js';
import { viewerOf } from '../page/viewer.js';
import { type LogQuery, logPage } from './log-page.js';

export interface LogOptions {
  readonly http: FastifyInstance;
  readonly tokens: ActionTokens;
  readonly database: LogDatabase | Error;
  readonly queues: readonly string[];
}

const NO_PAGE: LogPage = { entries: [], next: undefined };

/** GET /log: what operators did, newest first, filtered by the query. */
export function mountLog({ http, tokens, database, queues }: LogOptions): void {
  http.get('/log', async (request, reply) => {
    const query = queryOf(request.query as Readonly<Record<string, unknown>>);
    const filter = filterOf(query);
    const draw = (found: LogPage, problem?: string) =>
      logPage({ viewer: viewerOf(request, tokens), query, found, queues, problem });
    reply.type('text/html; charset=utf-8');
    if (typeof filter === 'string') return await reply.code(400).send(draw(NO_PAGE, filter));
    try {
      if (database instanceof Error) throw logUnavailable(database);
      return await reply.send(draw(await readLog(database, filter)));
    } catch (error) {
      const sentence = error instanceof CodedError ? error.sentence : (error as Error).message;
      return await reply.code(503).send(draw(NO_PAGE, redact(sentence)));
    }
  });
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
