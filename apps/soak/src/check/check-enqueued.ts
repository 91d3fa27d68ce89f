import type { Digest, LoggedChange } from './facts.js';
import type { Fault } from './fault.js';
import type { ParsedJob } from './parsed-job.js';

/** Compares the log of one table with the jobs of one queue: each change once, unaltered, in order per key. */
export function checkEnqueued(
  queue: string,
  table: string,
  log: readonly LoggedChange[],
  jobs: readonly ParsedJob[],
): Fault[] {
  const logged = log.filter(({ name }) => name === table);
  const found = jobs.filter(job => job.name === table && job.op !== 'read' && !job.rewound);
  const faults: Fault[] = [];
  const jobsByIdentity = groupByIdentity(found);
  const expected = new Set(logged.map(identityOf));
  for (const change of logged) {
    const same = jobsByIdentity.get(identityOf(change)) ?? [];
    const [job] = same;
    if (job === undefined) faults.push({ what: 'lost', sentence: `${place(queue, change)} has no job` });
    if (same.length > 1)
      faults.push({
        what: 'doubled',
        sentence: `${place(queue, change)} has ${same.length} jobs: ${same.map(({ jobId }) => jobId).join(', ')}`,
      });
    if (job && job.added > 1)
      faults.push({
        what: 'doubled',
        sentence: `${place(queue, change)} was added ${job.added} times as ${job.jobId}`,
      });
    if (job) faults.push(...differences(queue, change, job));
  }
  for (const job of found)
    if (!expected.has(identityOf(job)))
      faults.push({
        what: 'invented',
        sentence: `${queue}: job ${job.jobId} (${job.op} ${table} ${job.key}, token ${job.token}) is no committed change`,
      });
  return [...faults, ...outOfOrder(queue, logged, jobsByIdentity)];
}

function groupByIdentity(jobs: readonly ParsedJob[]): Map<string, ParsedJob[]> {
  const groups = new Map<string, ParsedJob[]>();
  for (const job of jobs) {
    const group = groups.get(identityOf(job));
    if (group) group.push(job);
    else groups.set(identityOf(job), [job]);
  }
  return groups;
}

/** A version of a row is inserted, updated or deleted once, so that its token identifies the change. A truncate has its transaction's id. */
function identityOf({ op, key, token, xid }: Pick<LoggedChange, 'op' | 'key' | 'token' | 'xid'>): string {
  if (op === 'truncate') return `truncate ${xid & 0xffff_ffffn}`;
  return `${op} ${key} ${token}${token === '0' ? ` ${xid & 0xffff_ffffn}` : ''}`;
}

/** Positions ascend with the log's numbers, per key. A truncate locks the table: it stands between all changes of the table. */
function outOfOrder(
  queue: string,
  logged: readonly LoggedChange[],
  jobs: ReadonlyMap<string, readonly ParsedJob[]>,
): Fault[] {
  const faults: Fault[] = [];
  const lastOfKey = new Map<string, string>();
  let lastOfAll = '';
  let lastTruncate = '';
  for (const change of [...logged].sort((a, b) => (a.n < b.n ? -1 : 1))) {
    const position = jobs.get(identityOf(change))?.[0]?.changeId;
    if (position === undefined) continue;
    const before =
      change.op === 'truncate' ? lastOfAll : greater(lastOfKey.get(change.key) ?? '', lastTruncate);
    if (position <= before)
      faults.push({
        what: 'reordered',
        sentence: `${place(queue, change)} is at ${position}, not after ${before}`,
      });
    lastOfKey.set(change.key, position);
    lastOfAll = greater(lastOfAll, position);
    if (change.op === 'truncate') lastTruncate = position;
  }
  return faults;
}

function greater(a: string, b: string): string {
  return a > b ? a : b;
}

function differences(queue: string, change: LoggedChange, job: ParsedJob): Fault[] {
  const faults: Fault[] = [];
  const differ = (what: string) =>
    faults.push({
      what: 'altered',
      sentence: `${place(queue, change)}: ${what} of job ${job.jobId} differs`,
    });
  if (job.xid !== (change.xid & 0xffff_ffffn)) differ('transaction');
  if (change.op === 'truncate' || change.op === 'message') return faults;
  if (!isSame(change.new, job.new)) differ('new row');
  if (!isSame(change.old, job.old)) differ('old row');
  return faults;
}

function isSame(logged: Digest | null, found: Digest | null): boolean {
  if (logged === null || found === null) return logged === found;
  const names = new Set([...Object.keys(logged), ...Object.keys(found)]);
  return [...names].every(name => logged[name] === found[name]);
}

function place(queue: string, { n, op, name, key, token }: LoggedChange): string {
  return `${queue}: ${op} of ${name} ${key} (token ${token}, log ${n})`;
}
