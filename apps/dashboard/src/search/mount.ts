import { CodedError, didYouMean, tableName } from '@walmq/change';
import { publishedTables, type WalmqConfig } from '@walmq/config';
import { search, unfinishedOf } from '@walmq/operations';
import { type Logger, redact } from '@walmq/runtime';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { ActionTokens } from '../access/identify.js';
import { maySeeRows } from '../access/users.js';
import { type Viewer, viewerOf } from '../page/viewer.js';
import { type Asked, askedBy, type Question, type SearchParameters } from './query.js';
import { type Answer, searchPage } from './search-page.js';
import { viewFor } from './view.js';

export interface SearchPageOptions {
  readonly http: FastifyInstance;
  readonly tokens: ActionTokens;
  readonly config: WalmqConfig;
  readonly queues: readonly Queue[];
  readonly redis: Redis;
  readonly database: Pool | Error;
  readonly log: Logger;
}

/** Codes of a question that cannot be answered. */
const ASKED: ReadonlySet<string> = new Set([
  'CURSOR_INVALID',
  'TABLE_NOT_TAKEN',
  'KEY_INVALID',
  'KEY_HIDDEN',
]);

/** GET /search: failed and parked changes, page by page; waiting ones by key. */
export function mountSearch(options: SearchPageOptions): void {
  const { http, tokens, config, log } = options;
  const tables = publishedTables(config).map(tableName);
  http.get<{ Querystring: SearchParameters }>('/search', async (request, reply) => {
    const viewer = viewerOf(request, tokens);
    const asked = askedBy(request.query, { maySeeRows: maySeeRows(viewer.identity) });
    const cursor = [request.query.cursor ?? ''].flat()[0] || undefined;
    const startMs = performance.now();
    const { status, answer } = await answerTo(asked.question, cursor);
    return await reply
      .code(asked.question === undefined ? 400 : status)
      .type('text/html; charset=utf-8')
      .send(
        searchPage({
          viewer,
          tables,
          queues: Object.keys(config.queues),
          asked,
          hint: hintOf(asked, tables),
          answer,
          cursor,
          tookMs: performance.now() - startMs,
        }),
      );

    async function answerTo(
      question: Question | undefined,
      from: string | undefined,
    ): Promise<{ readonly status: number; readonly answer: Answer }> {
      if (question === undefined) return { status: 400, answer: undefined };
      // Commands would wait without a limit.
      if (options.redis.status !== 'ready')
        return { status: 503, answer: { problem: 'Redis cannot be reached.' } };
      try {
        return { status: 200, answer: await find(question, from, viewer) };
      } catch (error) {
        const isAsked = error instanceof CodedError && ASKED.has(error.code);
        const message = redact(error instanceof CodedError ? error.sentence : (error as Error).message);
        if (!isAsked) log.warn({ event: 'search:failed', error: message }, 'A search failed');
        return { status: isAsked ? 400 : 500, answer: { problem: message } };
      }
    }
  });

  async function find(question: Question, cursor: string | undefined, viewer: Viewer): Promise<Answer> {
    const { redis, queues, database } = options;
    if (question.by === 'key')
      return await unfinishedOf({
        config,
        redis,
        database,
        mayNameHidden: viewer.identity.role === 'operator',
        ...question,
      });
    const view = viewFor(viewer.identity, Object.values(config.queues));
    return await search({ redis, queues, query: question.query, cursor, view });
  }
}

/** About a table that no queue takes: its failed changes may still be there from before. */
function hintOf({ typed }: Asked, tables: readonly string[]): string | undefined {
  const { table } = typed;
  if (table === undefined || tables.includes(table)) return undefined;
  return `No queue takes a table "${table}".${didYouMean(table, tables)}`;
}
