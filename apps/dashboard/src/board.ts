import { createBullBoard } from '@bull-board/api';
import { FastifyAdapter } from '@bull-board/fastify';
import type { QueueConfig } from '@walmq/config';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import { GuardedAdapter } from './guarded-adapter.js';

export const BOARD_PATH = '/queues';

export interface BoardOptions {
  readonly http: FastifyInstance;
  readonly queues: readonly { readonly queue: Queue; readonly config: QueueConfig }[];
}

/** Mounts Bull Board over every queue, described by the tables that feed it. */
export function mountBoard({ http, queues }: BoardOptions): void {
  const server = new FastifyAdapter();
  createBullBoard({
    queues: queues.map(
      ({ queue, config }) => new GuardedAdapter(queue, { description: descriptionOf(config) }),
    ),
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'walmq' } },
  });
  server.setBasePath(BOARD_PATH);
  http.register(server.registerPlugin(), { prefix: BOARD_PATH });
  http.get('/', async (_request, reply) => await reply.redirect(BOARD_PATH));
}

function descriptionOf({ tables }: QueueConfig): string {
  return `Changes of ${tables.map(({ schema, table }) => (schema === 'public' ? table : `${schema}.${table}`)).join(', ')}`;
}
