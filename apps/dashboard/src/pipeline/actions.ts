import { CodedError } from '@walmq/change';
import {
  changeIdOf,
  countParked,
  MAX_COUNTED,
  type OperatorLog,
  type Replayed,
  replayFailed,
} from '@walmq/operations';
import type { Logger } from '@walmq/runtime';
import { redact } from '@walmq/runtime';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import type { ActionTokens, Identity } from '../access/identify.js';
import { discardInto } from '../discard-into.js';
import { operatorOf } from '../log/operator-of.js';
import { type Action, confirmationOf, type DiscardedInto, outcomeOf } from './action-text.js';
import type { Observer } from './observer.js';

/** Failed changes of one queue. */
export interface Selected {
  readonly queue: Queue;
  /** Ids of jobs, in the order of the stream. */
  readonly ids: readonly string[];
}

/** Why nothing can be selected. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

export interface ActionsOptions {
  readonly http: FastifyInstance;
  /** `/pipeline`: the actions are below it. */
  readonly path: string;
  /** The failed changes that a request means, by its body. */
  readonly select: (body: Readonly<Record<string, unknown>>) => Promise<readonly Selected[] | Refusal>;
  readonly redis: Redis;
  readonly observer: Observer;
  readonly tokens: ActionTokens;
  /** Folder to which discarded changes are written before they are removed. */
  readonly discardFolder: string;
  readonly log: Logger;
  readonly operators: OperatorLog;
}

/**
 * POST <path>/{replay,discard}/preview returns what would happen: `{ title, text, confirm }`. POST <path>/{replay,discard}
 * does it: `{ text }`. Both need the page's token. The guard admits only operators.
 */
export function mountActions(options: ActionsOptions): void {
  const { http, path, select, redis, observer, tokens, discardFolder, log, operators } = options;

  async function selectedBy(request: FastifyRequest): Promise<readonly Selected[] | Refusal> {
    if (!tokens.matches(request.identity as Identity, request.headers['x-walmq-token']))
      return { status: 403, message: 'The page is out of date: load it again.' };
    if (redis.status !== 'ready') return { status: 503, message: 'Redis cannot be reached.' };
    const { body } = request;
    return await select(typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {});
  }

  async function preview(action: Action, selected: readonly Selected[]) {
    let parked = 0;
    for (const { queue, ids } of selected) parked += await countParked(redis, queue, ids);
    return confirmationOf(action, {
      queues: selected.map(({ queue }) => queue.name),
      failed: selected.reduce((sum, { ids }) => sum + ids.length, 0),
      parked,
      isLeast: parked >= MAX_COUNTED,
      folder: discardFolder,
    });
  }

  async function act(action: Action, selected: readonly Selected[], identity: Identity) {
    const done = [];
    for (const { queue, ids } of selected) {
      done.push(
        await operators.run(
          operatorOf(identity, 'dashboard'),
          { action, queue: queue.name, changeIds: ids.map(id => changeIdOf(id) ?? id) },
          async (): Promise<Replayed | DiscardedInto> =>
            await (action === 'replay'
              ? replayFailed({ redis, queue, ids })
              : discardInto({ redis, queue, ids, folder: discardFolder })),
          result => outcomeOf([result]),
        ),
      );
      log.info(
        { event: `failed:${action}`, user: identity.name, queue: queue.name, changes: ids.length },
        outcomeOf(done.slice(-1)),
      );
    }
    observer.refresh();
    return { text: outcomeOf(done) };
  }

  for (const action of ['replay', 'discard'] as const) {
    http.post(`${path}/${action}/preview`, (request, reply) =>
      answer(request, reply, selected => preview(action, selected)),
    );
    http.post(`${path}/${action}`, (request, reply) =>
      answer(request, reply, selected => act(action, selected, request.identity as Identity)),
    );
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    respond: (selected: readonly Selected[]) => Promise<object>,
  ): Promise<FastifyReply> {
    try {
      const selected = await selectedBy(request);
      if ('status' in selected) return await reply.code(selected.status).send({ message: selected.message });
      return await reply.send(await respond(selected));
    } catch (error) {
      const message = sentenceOf(error);
      log.warn({ event: 'action:failed', path: request.url, error: message }, 'An action failed');
      return await reply.code(500).send({ message });
    }
  }
}

function sentenceOf(error: unknown): string {
  return redact(error instanceof CodedError ? error.sentence : (error as Error).message);
}
