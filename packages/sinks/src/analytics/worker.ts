import { type Change, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { effectIdentity, everyChange, giveUp, type WorkerDefinition } from '@walmq/worker';
import type { Fact, Projection } from './fact.js';
import type { AnalyticsSink } from './sink.js';

/** Writes what a queue's changes mean to a sink: once, however often they are delivered. */
export function analyticsSinkWorker(options: {
  readonly queue: string;
  readonly queues: WalmqConfig['queues'];
  readonly project: Projection;
  /** The caller opens and closes it. */
  readonly sink: AnalyticsSink;
}): WorkerDefinition {
  const { queue, queues, project, sink } = options;
  return everyChange({
    queue,
    queues,
    handler: async (change, { signal, source }) => {
      const facts = factsOf(project, change);
      if (facts.length === 0) return { action: 'none', reason: 'the change means nothing for the facts' };
      const rows = facts.map(fact => ({ ...fact, position: change.id }));
      const { idempotencyKey } = effectIdentity({ queue, source, changeId: change.id, name: 'facts' });
      await sink.write(rows, { idempotencyKey, signal });
      return { action: 'facts_written', facts: rows.length };
    },
  });
}

function factsOf(project: Projection, change: Change): readonly Fact[] {
  try {
    const facts = project(change);
    if (facts === undefined) return [];
    return 'table' in facts ? [facts] : facts;
  } catch (cause) {
    if (cause instanceof WalmqError) throw cause;
    // The cause's message may contain the row.
    throw Object.assign(
      giveUp('the projection failed.', { remedy: 'Correct the projection, then retry the change.' }),
      {
        cause,
      },
    );
  }
}
