import { failedIds } from '@walmq/operations';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { ActionsOptions, Selected } from '../pipeline/actions.js';
import { askedBy } from './query.js';

/**
 * The failed changes of a search: those in `selected`, each a queue and a job's id, or else all that match `search`, the query of
 * the page's URL. Only an operator acts, who may see rows.
 */
export function selectFound({
  redis,
  queues,
}: {
  readonly redis: Redis;
  readonly queues: readonly Queue[];
}): ActionsOptions['select'] {
  return async ({ search, selected }) => {
    const chosen = Array.isArray(selected) ? selectedOnes(selected.map(String), queues) : undefined;
    const all = chosen ?? (await matching(String(search ?? '')));
    if (all === undefined) return { status: 400, message: 'This search selects no failed changes.' };
    if (all.length > 0) return all;
    return chosen
      ? { status: 400, message: 'Nothing is selected: tick the changes first.' }
      : { status: 404, message: 'No failed change matches any more.' };
  };

  async function matching(search: string): Promise<Selected[] | undefined> {
    const { question } = askedBy(Object.fromEntries(new URLSearchParams(search)), { maySeeRows: true });
    if (question?.by !== 'state' || question.query.state !== 'failed') return undefined;
    const { filter, queues: names } = question.query;
    const found: Selected[] = [];
    for (const queue of queues) {
      if (names?.includes(queue.name) === false) continue;
      const ids = await failedIds({ redis, queue, filter });
      if (ids.length > 0) found.push({ queue, ids });
    }
    return found;
  }
}

function selectedOnes(selected: readonly string[], queues: readonly Queue[]): Selected[] {
  return queues.flatMap(queue => {
    const begin = `${queue.name} `;
    const ids = selected.filter(text => text.startsWith(begin)).map(text => text.slice(begin.length));
    return ids.length > 0 ? [{ queue, ids: ids.sort() }] : [];
  });
}
