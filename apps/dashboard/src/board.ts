import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import { tableName } from '@walmq/change';
import type { QueueConfig } from '@walmq/config';
import { type OperatorLog, shownData } from '@walmq/operations';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import { maySeeRows } from './access/users.js';
import { GuardedAdapter } from './guarded-adapter.js';
import { logBoardActions } from './log/log-board.js';
import { BOARD_PATH, BOARD_PATHS, READ_ONLY_BOARD_PATH } from './page/links.js';

interface BoardQueue {
  readonly queue: Queue;
  readonly config: QueueConfig;
}

export interface BoardOptions {
  readonly http: FastifyInstance;
  readonly queues: readonly BoardQueue[];
  /** True if Redis answers. Otherwise commands would wait without a limit. */
  readonly isReady: () => boolean;
  readonly redis: Redis;
  readonly operators: OperatorLog;
  /** Discards every failed change of a queue. */
  readonly discardFailed: (queue: Queue) => Promise<void>;
}

/** Mounts Bull Board for every queue, described by the tables that feed it. Each role gets its own board. */
export function mountBoards(options: BoardOptions): void {
  const { http } = options;
  mountBoard({ ...options, path: BOARD_PATH, readOnlyMode: false });
  mountBoard({ ...options, path: READ_ONLY_BOARD_PATH, readOnlyMode: true });
  http.addHook('onRequest', async (request, reply) => {
    const { url, identity, basePath } = request;
    // Every page and every answer of Bull Board holds data of jobs. The route, not the URL: that may be encoded in many ways.
    const route = request.routeOptions.url ?? url;
    if (identity && !maySeeRows(identity) && BOARD_PATHS.some(path => isUnder(route, path)))
      return await reply.code(403).send({ message: 'Bull Board shows rows, and your role is states.' });
    // The board of operators reads the same data. Hiding it is a courtesy; the guard rejects the actions.
    if (identity?.role === 'read-only' && isUnder(url, BOARD_PATH))
      return await reply.redirect(basePath + READ_ONLY_BOARD_PATH + url.slice(BOARD_PATH.length));
    if (identity?.role === 'operator' && isUnder(url, READ_ONLY_BOARD_PATH))
      return await reply.redirect(basePath + BOARD_PATH + url.slice(READ_ONLY_BOARD_PATH.length));
    return;
  });
}

function mountBoard(options: BoardOptions & { readonly path: string; readonly readOnlyMode: boolean }): void {
  const { http, queues, isReady, redis, operators, discardFailed, path, readOnlyMode } = options;
  const server = new FastifyAdapter();
  const configs = queues.map(({ config }) => config);
  createBullBoard({
    queues: queues.map(({ queue, config }) => {
      const description = descriptionOf(config);
      const adapter = new GuardedAdapter(queue, {
        description,
        readOnlyMode,
        allowRetries: !readOnlyMode,
        discardFailed: () => discardFailed(queue),
        show: data => shownData(configs, queue.name, data),
      });
      adapter.setFormatter('name', nameOf);
      return adapter;
    }),
    serverAdapter: server,
    options: {
      uiConfig: {
        boardTitle: 'walmq',
        hideDocsLink: true,
        // Relative to the page's base, wherever the dashboard is.
        miscLinks: [{ text: 'Pipeline', url: path.replace(/[^/]+/g, '..').slice(1) }],
      },
    },
  });
  server.setBasePath(path);
  http.register(async scope => {
    scope.addHook('onRequest', async (request, reply) => {
      if (isUnder(request.url, `${path}/api`) && !isReady())
        return await reply.code(503).send({ error: { message: 'Redis cannot be reached.' } });
      return;
    });
    logBoardActions({ scope, queues: queues.map(({ queue }) => queue), redis, operators });
    scope.addHook('onSend', async (request, reply, payload) =>
      typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
        ? adapted(payload, request.basePath)
        : payload,
    );
    await scope.register(server.registerPlugin(), { prefix: path });
  });
}

/**
 * Bull Board's page for this browser. Removes fonts of another host, which would see who looks, and which our
 * content policy blocks anyway. Sets the base path, because the adapter has only one for all requests.
 */
function adapted(page: string, basePath: string): string {
  return page
    .replace(/<link [^>]*fonts\.googleapis\.com[^>]*>/, '')
    .replace('<base href="/', () => `<base href="${basePath}/`);
}

function isUnder(url: string, path: string): boolean {
  return url.startsWith(path) && ['', '/', '?'].includes(url.charAt(path.length));
}

/** `update orders id=42`: distinguishes changes in a list. Other jobs keep their name. */
function nameOf(job: { name?: string; data?: unknown }): string {
  const { table, key } = (job.data ?? {}) as { table?: unknown; key?: unknown };
  if (typeof table !== 'string') return job.name ?? '';
  const columns = typeof key === 'object' && key !== null ? Object.entries(key) : [];
  return [job.name, table, ...columns.map(([name, value]) => `${name}=${textOf(value)}`)].join(' ');
}

/** JSON for an array or an object: their own toString may be anything that was in the JSON. */
function textOf(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function descriptionOf({ tables }: QueueConfig): string {
  return `Changes of ${tables.map(tableName).join(', ')}`;
}
