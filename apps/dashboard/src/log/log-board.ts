import { CodedError } from '@walmq/change';
import { changeIdOf, type Intent, type OperatorLog } from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { Queue } from 'bullmq';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Redis } from 'ioredis';
import type { Identity } from '../access/identify.js';
import { isAction } from '../access/origin.js';
import { operatorOf } from './operator-of.js';

export interface LogBoardOptions {
  /** The scope of Bull Board's routes. */
  readonly scope: FastifyInstance;
  readonly queues: readonly Queue[];
  readonly redis: Redis;
  readonly operators: OperatorLog;
}

const LONGEST_BODY = 2000;
const LONGEST_MESSAGE = 500;

/**
 * Writes every action of Bull Board into the operators' log: the intent before its handler, the outcome with the answer. By route, so
 * that an action which a later Bull Board adds is written too. An action that cannot be logged is refused.
 */
export function logBoardActions({ scope, queues, redis, operators }: LogBoardOptions): void {
  const entries = new WeakMap<FastifyRequest, string>();
  scope.addHook('preHandler', async (request, reply) => {
    if (!isAction(request)) return;
    try {
      const intent = await intentOf(request, { queues, redis });
      entries.set(
        request,
        await operators.begin(operatorOf(request.identity as Identity, 'bull-board'), intent),
      );
    } catch (error) {
      const message = redact(error instanceof CodedError ? error.sentence : (error as Error).message);
      return await reply.code(503).send({ error: { message }, message });
    }
    return;
  });
  scope.addHook('onSend', async (request, reply, payload) => {
    const entry = entries.get(request);
    if (entry === undefined) return payload;
    const isDone = reply.statusCode < 400;
    await operators.end(
      entry,
      isDone ? 'done' : 'failed',
      isDone ? 'Done.' : messageOf(payload, reply.statusCode),
    );
    return payload;
  });
}

async function intentOf(
  request: FastifyRequest,
  { queues, redis }: Pick<LogBoardOptions, 'queues' | 'redis'>,
): Promise<Intent> {
  const { queueName, jobId, ...params } = request.params as Readonly<Record<string, string | undefined>>;
  const queue = queues.find(({ name }) => name === queueName);
  const body = JSON.stringify(request.body ?? null).slice(0, LONGEST_BODY);
  const original =
    queue && jobId !== undefined ? ((await redis.hget(queue.toKey(jobId), 'data')) ?? undefined) : undefined;
  const action = boardAction(request.routeOptions.url ?? request.url);
  const all =
    queue && jobId === undefined ? await jobsOf(redis, queue, setOf(action, params.queueStatus)) : undefined;
  const jobIds = all?.ids ?? (jobId === undefined ? [] : [jobId]);
  return {
    action,
    queue: queueName,
    changeIds: jobIds.map(id => changeIdOf(id) ?? id),
    details: { ...params, ...(all && { changes: all.count }), ...(body !== 'null' && { body }) },
    ...(original !== undefined && { original }),
  };
}

/** Ids of jobs that an entry names; `details.changes` has their number. */
const MOST_IDS = 1000;

/** The jobs that an action on a whole queue means, the oldest first: as they are just before it. */
async function jobsOf(redis: Redis, queue: Queue, set: string | undefined) {
  if (set === undefined) return undefined;
  const key = queue.toKey(set);
  const [ids, count] = await Promise.all([redis.zrange(key, '0', String(MOST_IDS - 1)), redis.zcard(key)]);
  return { ids, count };
}

function setOf(action: string, status: string | undefined): string | undefined {
  if (action === 'promote-queue') return 'delayed';
  return status !== undefined && ['failed', 'completed', 'delayed'].includes(status) ? status : undefined;
}

/**
 * `retry` of one job, `pause-queue`, `pause-all`: the last fixed part of the route, and what it is about.
 */
export function boardAction(route: string): string {
  const parts = route.split('/').filter(part => part !== '' && !part.startsWith(':'));
  const [verb = 'act'] = parts.slice(-1);
  if (route.includes('/:jobId')) return verb === 'clean' ? 'remove' : verb;
  return route.includes('/:queueName') ? `${verb}-queue` : `${verb}-all`;
}

function messageOf(payload: unknown, status: number): string {
  const text = typeof payload === 'string' ? payload : '';
  try {
    const { message, error } = JSON.parse(text) as {
      message?: string;
      error?: string | { message?: string };
    };
    const said = message ?? (typeof error === 'string' ? error : error?.message);
    if (said) return said.slice(0, LONGEST_MESSAGE);
  } catch {
    // Not JSON: the status says enough.
  }
  return `Refused with status ${status}.`;
}
