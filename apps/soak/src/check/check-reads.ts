import type { Facts } from './facts.js';
import type { Fault } from './fault.js';
import type { ParsedJob } from './parsed-job.js';

/** After a backfill, the last change of each key is the row as it is, and each row has one. */
export function checkReads(queue: string, facts: Facts, jobs: readonly ParsedJob[]): Fault[] {
  const faults: Fault[] = [];
  for (const { table } of facts.backfilled.filter(each => each.queue === queue)) {
    const last = new Map<string, ParsedJob>();
    let truncatedAt = '';
    for (const job of jobs) {
      if (job.name !== table || job.rewound) continue;
      if (job.op === 'truncate') truncatedAt = job.changeId;
      else last.set(job.key, job);
    }
    const rows = new Map(facts.rows.filter(({ name }) => name === table).map(row => [row.key, row.token]));
    for (const [key, token] of rows) {
      const job = last.get(key);
      if (job === undefined)
        faults.push({ what: 'lost', sentence: `${queue}: the backfill of ${table} has left out ${key}` });
      else if (job.token !== token)
        faults.push({
          what: 'reordered',
          sentence: `${queue}: ${table} ${key} has token ${token}, its last change ${job.changeId} has ${job.token}`,
        });
    }
    for (const [key, job] of last)
      if (!rows.has(key) && job.op !== 'delete' && job.changeId > truncatedAt)
        faults.push({
          what: 'reordered',
          sentence: `${queue}: ${table} ${key} is gone, its last change ${job.changeId} is ${job.op}`,
        });
  }
  return faults;
}
