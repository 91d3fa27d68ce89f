import { checkEffects } from './check-effects.js';
import { checkEnqueued } from './check-enqueued.js';
import { checkReads } from './check-reads.js';
import type { Facts } from './facts.js';
import type { Fault } from './fault.js';
import { parseJob } from './parsed-job.js';

/**
 * Compares what the database says that was committed with what the queues and the handlers got. Pure, and it knows nothing of
 * walmq's own code. No fault: each change was enqueued exactly once in each queue of its table, in order per key, and each
 * effect was made exactly once, in order per key.
 */
export function check(facts: Facts): Fault[] {
  const jobs = facts.jobs.map(parseJob);
  return Object.entries(facts.tables).flatMap(([queue, tables]) => {
    const own = jobs.filter(job => job.queue === queue).sort((a, b) => (a.changeId < b.changeId ? -1 : 1));
    return [
      ...tables.flatMap(table => checkEnqueued(queue, table, facts.log, own)),
      ...checkReads(queue, facts, own),
      ...checkEffects(queue, facts, own),
    ];
  });
}
