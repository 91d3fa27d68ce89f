import { CodedError, tableName } from '@walmq/change';
import { publishedTables, type WalmqConfig } from '@walmq/config';
import { readTrace, type TraceQuery, withoutData } from '@walmq/operations';
import { type Logger, redact } from '@walmq/runtime';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { ActionTokens } from '../access/identify.js';
import { maySeeRows } from '../access/users.js';
import { type Viewer, viewerOf } from '../page/viewer.js';
import type { RowActions } from './actions.js';
import { queryOf, type RowParameters } from './query.js';
import { type RowPage, rowPage } from './row-page.js';

export interface RowOptions {
  readonly http: FastifyInstance;
  readonly tokens: ActionTokens;
  readonly config: WalmqConfig;
  readonly database: Pool | Error;
  readonly redis: Redis;
  readonly log: Logger;
  readonly actions?: RowActions;
}

/** GET /row: the life of a row (`?table=orders&key=42`), a change (`?change=`), a transaction (`?lsn=`), an event (`?event=`). */
export function mountRow(options: RowOptions): void {
  const { http, tokens, config, actions } = options;
  const tables = publishedTables(config).map(tableName);
  http.get<{ Querystring: RowParameters }>('/row', async (request, reply) => {
    const viewer = viewerOf(request, tokens);
    const query = queryOf(request.query);
    const { status, answer } = query
      ? await answerTo(query, viewer, options)
      : { status: 200, answer: undefined };
    return await reply
      .code(status)
      .type('text/html; charset=utf-8')
      .send(rowPage({ viewer, tables, query, answer, actions }));
  });
}

async function answerTo(
  query: TraceQuery,
  viewer: Viewer,
  { config, database, redis, log }: RowOptions,
): Promise<{ readonly status: number; readonly answer: RowPage['answer'] }> {
  // Commands would wait without a limit.
  if (redis.status !== 'ready') return { status: 503, answer: { problem: 'Redis cannot be reached.' } };
  try {
    const trace = await readTrace({
      config,
      database,
      redis,
      query,
      mayNameHidden: viewer.identity.role === 'operator',
    });
    return { status: 200, answer: maySeeRows(viewer.identity) ? trace : withoutData(trace) };
  } catch (error) {
    const isAsked = error instanceof CodedError && ASKED.has(error.code);
    if (!isAsked) log.warn({ event: 'row:failed', error: (error as Error).message }, 'A row cannot be shown');
    const problem = redact(error instanceof CodedError ? error.sentence : (error as Error).message);
    return { status: isAsked ? 400 : 500, answer: { problem } };
  }
}

/** Codes of a question that cannot be answered. */
const ASKED: ReadonlySet<string> = new Set([
  'TABLE_NOT_TAKEN',
  'KEY_INVALID',
  'KEY_HIDDEN',
  'POSITION_INVALID',
]);
