import { CodedError, WalmqError } from '@walmq/change';
import type { QueueConfig, WalmqConfig } from '@walmq/config';
import {
  correctChange,
  isLogQueue,
  pausedText,
  pauseKey,
  queueOf,
  resolveKey,
  resumeKey,
} from '@walmq/operations';
import { redact } from '@walmq/runtime';
import type { Queue } from 'bullmq';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Pool } from 'pg';
import type { Identity } from '../access/identify.js';
import { operatorOf } from '../log/operator-of.js';
import { viewerOf } from '../page/viewer.js';
import { type ActionsOptions, mountActions } from '../pipeline/actions.js';
import { correctPage } from './correct-page.js';

export interface MendOptions extends Omit<ActionsOptions, 'path' | 'select'> {
  readonly config: WalmqConfig;
  readonly queues: readonly Queue[];
  readonly database: Pool | Error;
}

type Given = Readonly<Record<string, unknown>>;

interface FoundJob {
  readonly queue: Queue;
  readonly config: QueueConfig;
  readonly jobId: string;
  readonly data: string;
}

/**
 * GET and POST /mend/correct: the editor of a corrected copy. POST /mend/{replay,discard,pause-key,resume-key}, each with /preview:
 * the buttons of a row's page. The guard admits only operators to what acts.
 */
export function mountMend(options: MendOptions): void {
  const { http, tokens, config, queues, database, redis, operators } = options;

  async function jobOf({ queue: name, job }: Given): Promise<FoundJob> {
    const own = queueOf(config, String(name));
    const queue = queues.find(each => each.name === own.name) as Queue;
    const jobId = String(job);
    const data = await redis.hget(queue.toKey(jobId), 'data');
    if (data !== null) return { queue, config: own, jobId, data };
    throw new WalmqError('CHANGE_UNKNOWN', `queue ${own.name} no longer holds ${jobId}.`, {
      remedy: 'It was removed, or has completed and is past its retention.',
    });
  }

  async function correctable(given: Given): Promise<FoundJob> {
    const found = await jobOf(given);
    if (!isLogQueue(found.config.name)) return found;
    throw new WalmqError(
      'ACTION_REFUSED',
      `queue ${found.config.name} takes whole rows, which this page does not show.`,
      {
        remedy: 'A log records what was committed. If it must be corrected all the same: npx walmq correct.',
      },
    );
  }

  async function keyOf({ queue, table, key, orderKey, event }: Given) {
    if (database instanceof Error) throw database;
    const name = String(queue);
    const words = Array.isArray(key) ? key.map(String) : [];
    const isOrdered = queueOf(config, name).tables.some(({ orderBy }) => typeof orderBy === 'object');
    const bare = isOrdered && typeof orderKey === 'string' ? [orderKey] : words;
    const client = await database.connect();
    try {
      return await resolveKey(client, config, {
        queue: name,
        table: typeof table === 'string' ? table : undefined,
        event: event === true,
        named: new Map(),
        bare,
      });
    } finally {
      client.release();
    }
  }

  mountActions({
    ...options,
    path: '/mend',
    select: async given => {
      const { queue, jobId } = await jobOf(given);
      return [{ queue, ids: [jobId] }];
    },
  });
  http.post('/mend/pause-key/preview', (request, reply) =>
    answer(request, reply, async given => {
      const { label, queue } = await keyOf(given);
      return {
        title: `Pause ${label} in queue ${queue.name}?`,
        text: 'Its waiting and later changes wait until you resume it; all other keys run. An active change ends its attempt.',
        confirm: 'Pause',
      };
    }),
  );
  http.post('/mend/pause-key', (request, reply) =>
    answer(request, reply, async given => {
      const { orderingKeys, ...key } = await keyOf(given);
      const operator = operatorOf(request.identity as Identity, 'dashboard');
      const said: string[] = [];
      for (const orderingKey of orderingKeys)
        said.push(pausedText(await pauseKey({ redis, ...key, orderingKey, operator, log: operators })));
      return { text: said.join(' ') };
    }),
  );
  http.post('/mend/resume-key/preview', (request, reply) =>
    answer(request, reply, async given => {
      const { label, queue } = await keyOf(given);
      return {
        title: `Resume ${label} in queue ${queue.name}?`,
        text: 'Its changes run again, in their order.',
        confirm: 'Resume',
      };
    }),
  );
  http.post('/mend/resume-key', (request, reply) =>
    answer(request, reply, async given => {
      const { orderingKeys, ...key } = await keyOf(given);
      const operator = operatorOf(request.identity as Identity, 'dashboard');
      let isResumed = false;
      for (const orderingKey of orderingKeys)
        isResumed = (await resumeKey({ redis, ...key, orderingKey, operator, log: operators })) || isResumed;
      return { text: isResumed ? 'Resumed.' : 'It was not paused.' };
    }),
  );

  http.get('/mend/correct', async (request, reply) => {
    reply.type('text/html; charset=utf-8');
    const viewer = viewerOf(request, tokens);
    if (viewer.identity.role !== 'operator')
      return await reply.code(403).send('You may look, but not act: corrections are for operators.');
    if (redis.status !== 'ready') return await reply.code(503).send('Redis cannot be reached.');
    try {
      const { queue, jobId, data } = await correctable(request.query as Given);
      return await reply.send(correctPage({ viewer, queue: queue.name, jobId, text: data, original: data }));
    } catch (error) {
      return await reply.code(404).type('text/plain; charset=utf-8').send(sentenceOf(error));
    }
  });
  http.post('/mend/correct', { bodyLimit: MOST_BYTES }, async (request, reply) => {
    reply.type('text/html; charset=utf-8');
    const viewer = viewerOf(request, tokens);
    const form = Object.fromEntries(request.body as URLSearchParams) as Record<string, string>;
    const { queue = '', job: jobId = '', given = '', reason = '' } = form;
    // A form sends line ends as CR LF; the data has none of its own.
    const original = (form.original ?? '').replaceAll('\r\n', '\n');
    const draw = (more: { problem?: string; done?: string }) =>
      correctPage({ viewer, queue, jobId, text: given, original, reason, ...more });
    if (!tokens.matches(viewer.identity, form.token))
      return await reply.code(403).send(draw({ problem: 'The page is out of date: load it again.' }));
    if (redis.status !== 'ready')
      return await reply.code(503).send(draw({ problem: 'Redis cannot be reached.' }));
    try {
      const found = await correctable({ queue, job: jobId });
      const operator = operatorOf(viewer.identity, 'dashboard', reason === '' ? undefined : reason);
      const { differs, replayed } = await correctChange({
        redis,
        queue: found.queue,
        config: found.config,
        jobId,
        original,
        given,
        operator,
        log: operators,
        replay: true,
      });
      const after = replayed ? 'It runs again.' : 'It runs in its turn.';
      return await reply.send(draw({ done: `Corrected ${differs.join(', ')}. ${after}` }));
    } catch (error) {
      const isRefused = error instanceof CodedError;
      return await reply.code(isRefused ? 409 : 500).send(draw({ problem: sentenceOf(error) }));
    }
  });

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    respond: (given: Given) => Promise<object>,
  ): Promise<FastifyReply> {
    if (!tokens.matches(request.identity as Identity, request.headers['x-walmq-token']))
      return await reply.code(403).send({ message: 'The page is out of date: load it again.' });
    if (redis.status !== 'ready') return await reply.code(503).send({ message: 'Redis cannot be reached.' });
    try {
      return await reply.send(await respond((request.body ?? {}) as Given));
    } catch (error) {
      return await reply.code(error instanceof CodedError ? 409 : 500).send({ message: sentenceOf(error) });
    }
  }
}

/** The editor sends the change twice, encoded for a form. */
const MOST_BYTES = 64 * 1024 * 1024;

function sentenceOf(error: unknown): string {
  return redact(error instanceof CodedError ? error.sentence : (error as Error).message);
}
