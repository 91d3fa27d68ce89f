import { CodedError } from '@walmq/change';
import {
  countParked,
  type FailureKind,
  failedIds,
  kindId,
  MAX_COUNTED,
  replayFailed,
} from '@walmq/operations';
import type { Logger } from '@walmq/runtime';
import { redact } from '@walmq/runtime';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import type { ActionTokens, Identity } from '../access/identify.js';
import { discardInto } from '../discard-into.js';
import { type Action, confirmationOf, outcomeOf } from './action-text.js';
import type { Observer } from './observer.js';

export interface ActionsOptions {
  readonly http: FastifyInstance;
  readonly queues: readonly Queue[];
  readonly redis: Redis;
  readonly observer: Observer;
  readonly tokens: ActionTokens;
  /** Folder to which discarded changes are written before they are removed. */
  readonly discardFolder: string;
  readonly log: Logger;
}

interface Group {
  readonly queue: Queue;
  readonly kind: FailureKind;
}

/**
 * POST /pipeline/{replay,discard}/preview returns what would happen: `{ title, text, confirm }`. POST
 * /pipeline/{replay,discard} does it: `{ text }`. Both take `{ group }` and the page's token. The guard
 * admits only operators.
 */
export function mountActions(options: ActionsOptions): void {
  const { http, queues, redis, observer, tokens, discardFolder, log } = options;

  async function groupOf(request: FastifyRequest): Promise<Group | Refusal> {
    if (!tokens.matches(request.identity as Identity, request.headers['x-walmq-token']))
      return { status: 403, message: 'The page is out of date: load it again.' };
    if (redis.status !== 'ready') return { status: 503, message: 'Redis cannot be reached.' };
    const { group } = (request.body ?? {}) as { group?: unknown };
    const { failures } = await observer.latest();
    const kind = failures.groups.find(candidate => kindId(candidate) === group);
    const queue = queues.find(({ name }) => name === kind?.queue);
    if (kind === undefined || queue === undefined)
      return { status: 404, message: 'No change fails for this reason any more.' };
    return { queue, kind: { queue: kind.queue, table: kind.table, reason: kind.reason } };
  }

  async function preview(action: Action, { queue, kind }: Group) {
    const ids = await failedIds({ redis, queue, filter: { kind } });
    const parked = await countParked(redis, queue, ids);
    return confirmationOf(action, {
      queue: kind.queue,
      failed: ids.length,
      parked,
      isLeast: parked >= MAX_COUNTED,
      folder: discardFolder,
    });
  }

  async function act(action: Action, { queue, kind }: Group, { name }: Identity) {
    const ids = await failedIds({ redis, queue, filter: { kind } });
    const text = outcomeOf(
      action === 'replay'
        ? await replayFailed({ redis, queue, ids })
        : await discardInto({ redis, queue, ids, folder: discardFolder }),
    );
    log.info({ event: `failed:${action}`, user: name, queue: kind.queue, reason: kind.reason }, text);
    observer.refresh();
    return { text };
  }

  for (const action of ['replay', 'discard'] as const) {
    http.post(`/pipeline/${action}/preview`, (request, reply) =>
      answer(request, reply, group => preview(action, group)),
    );
    http.post(`/pipeline/${action}`, (request, reply) =>
      answer(request, reply, group => act(action, group, request.identity as Identity)),
    );
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    respond: (group: Group) => Promise<object>,
  ): Promise<FastifyReply> {
    try {
      const group = await groupOf(request);
      if ('status' in group) return await reply.code(group.status).send({ message: group.message });
      return await reply.send(await respond(group));
    } catch (error) {
      const message = sentenceOf(error);
      log.warn({ event: 'action:failed', path: request.url, error: message }, 'An action failed');
      return await reply.code(500).send({ message });
    }
  }
}

interface Refusal {
  readonly status: number;
  readonly message: string;
}

function sentenceOf(error: unknown): string {
  return redact(error instanceof CodedError ? error.sentence : (error as Error).message);
}
