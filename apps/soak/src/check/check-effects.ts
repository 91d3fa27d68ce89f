import type { Facts, FoundEffect } from './facts.js';
import type { Fault } from './fault.js';
import type { ParsedJob } from './parsed-job.js';

/** Compares the jobs of one queue with the effects of its handlers: each exactly once, in order per key. */
export function checkEffects(queue: string, facts: Facts, jobs: readonly ParsedJob[]): Fault[] {
  const isAct = facts.actQueues.includes(queue);
  const made = (isAct ? firstActs(facts) : facts.effects).filter(effect => effect.queue === queue);
  const counts = new Map<string, number>();
  for (const { changeId } of made) counts.set(changeId, (counts.get(changeId) ?? 0) + 1);
  const faults: Fault[] = [];
  const known = new Map(jobs.map(job => [job.changeId, job]));
  for (const job of jobs) {
    const count = counts.get(job.changeId) ?? 0;
    if (job.state === 'other')
      faults.push({
        what: 'unfinished',
        sentence: `${queue}: job ${job.jobId} is neither completed nor discarded`,
      });
    // A change that fails after its effect has committed can be discarded: then it has an effect.
    if (count === 0 && job.state === 'completed')
      faults.push({ what: 'lost', sentence: `${queue}: job ${job.jobId} is completed without its effect` });
    if (count > 1)
      faults.push({
        what: 'doubled',
        sentence: `${queue}: job ${job.jobId} has made its effect ${count} times`,
      });
  }
  for (const { changeId } of made)
    if (!known.has(changeId))
      faults.push({ what: 'invented', sentence: `${queue}: an effect of ${changeId}, which has no job` });
  faults.push(...keysOfActs(queue, facts));
  return [...faults, ...outOfOrder(queue, made, known, facts.orderedBy[queue])];
}

/** A call of `effect` can be repeated after a crash. Its first call counts for the order. */
function firstActs({ acts }: Facts): FoundEffect[] {
  const seen = new Set<string>();
  return [...acts].sort(byNumber).filter(({ queue, changeId }) => {
    const name = `${queue} ${changeId}`;
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

/** Repeated calls carry the same key, and no two changes share one. */
function keysOfActs(queue: string, { acts }: Facts): Fault[] {
  const own = acts.filter(act => act.queue === queue);
  const pairs = new Set(own.map(({ changeId, idempotencyKey }) => `${changeId} ${idempotencyKey}`));
  const changes = new Set(own.map(({ changeId }) => changeId));
  const keys = new Set(own.map(({ idempotencyKey }) => idempotencyKey));
  if (pairs.size === changes.size && pairs.size === keys.size) return [];
  return [
    {
      what: 'altered',
      sentence: `${queue}: ${changes.size} changes have called "effect" with ${keys.size} idempotency keys in ${pairs.size} pairs`,
    },
  ];
}

/** Effects of one ordering key were committed in the order of the positions. A truncate has no key and no order. */
function outOfOrder(
  queue: string,
  made: readonly FoundEffect[],
  jobs: ReadonlyMap<string, ParsedJob>,
  orderedBy: string | undefined,
): Fault[] {
  const faults: Fault[] = [];
  const last = new Map<string, string>();
  for (const { changeId } of [...made].sort(byNumber)) {
    const job = jobs.get(changeId);
    if (job === undefined || job.op === 'truncate') continue;
    for (const key of orderingKeys(job, orderedBy)) {
      const before = last.get(key);
      if (before !== undefined && changeId < before)
        faults.push({
          what: 'reordered',
          sentence: `${queue}: the effect of ${changeId} (${job.op} ${key}) came after that of ${before}`,
        });
      last.set(key, changeId);
    }
  }
  return faults;
}

/** A change that moves a row from one value to another is ordered with the changes of both. */
function orderingKeys(job: ParsedJob, orderedBy: string | undefined): string[] {
  if (orderedBy === undefined) return [`${job.name} ${job.key}`];
  const values = [job.before?.[orderedBy], job.after?.[orderedBy]].filter(value => value !== undefined);
  return [...new Set(values.map(value => `${job.name} ${orderedBy}=${value}`))];
}

function byNumber(a: FoundEffect, b: FoundEffect): number {
  return a.n < b.n ? -1 : 1;
}
