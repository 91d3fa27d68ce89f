import { createHash } from 'node:crypto';
import { type Change, WalmqError } from '@walmq/change';
import { defineWorker, effectIdentity, giveUp, type WorkerDefinition } from '@walmq/worker';
import type { Fact, Projection } from './fact.js';
import type { AnalyticsSink } from './sink.js';

/** Writes what a queue's changes mean to a sink: once, however often they are delivered. */
export function analyticsSinkWorker(options: {
  readonly queue: string;
  readonly project: Projection;
  /** The caller opens and closes it. */
  readonly sink: AnalyticsSink;
}): WorkerDefinition {
  const { queue, project, sink } = options;
  return defineWorker({
    queue,
    batch: { size: 50, waitMs: 5 },
    onBatch: async (changes, { job, signal, fail }) => {
      const facts = changes.map(change => {
        try {
          return factsOf(project, change).map(fact => ({ ...fact, position: change.id }));
        } catch (error) {
          fail(change, error);
          return [];
        }
      });
      const idempotencyKey = keyOf(
        queue,
        changes.map(change => ({ changeId: change.id, source: job(change).source })),
      );
      if (facts.some(rows => rows.length > 0)) await sink.write(facts.flat(), { idempotencyKey, signal });
      return facts.map(rows =>
        rows.length === 0
          ? { action: 'none', reason: 'the change means nothing for the facts' }
          : { action: 'facts_written', facts: rows.length },
      );
    },
  });
}

/** Of a set of changes: that of one change is the same at every try. */
function keyOf(
  queue: string,
  changes: readonly { readonly changeId: string; readonly source: string }[],
): string {
  const keys = changes.map(change => effectIdentity({ queue, name: 'facts', ...change }).idempotencyKey);
  return keys.length === 1
    ? (keys[0] as string)
    : createHash('sha256').update(keys.join()).digest('hex').slice(0, 32);
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
