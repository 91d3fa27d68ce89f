import type { Backfill } from '@walmq/backfill';
import { qualifiedName, withStop } from '@walmq/change';
import { isLost, lostCause, lostRemedy } from '@walmq/replication';
import { bytesText } from './bytes.js';
import type {
  CaptureStatus,
  PipelineStatus,
  QueueStatus,
  RedisStatus,
  Severity,
  SlotStatus,
  Verdict,
  VerdictCode,
} from './pipeline-status.js';

type Status = Omit<PipelineStatus, 'verdicts'>;

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'info'];
/** Share of a limit at which an operator should know. */
const NEAR = 0.8;
/** Remaining share of a slot's limit at which an operator should act. */
const LITTLE_LEFT = 0.25;
/** Seconds of postponement after which an operator should know. */
const LONG_POSTPONED_SECONDS = 3600;
/** Seconds after which a paused key may have been forgotten. */
const LONG_PAUSED_SECONDS = 3600;
/** Milliseconds without a watcher of alerts after which an operator should know. */
const UNWATCHED_MS = 300_000;
/** Milliseconds after which another pipeline may have been given up. */
const LONG_UNSEEN_MS = 24 * 3_600_000;
/** Retained WAL at which an operator should know, if there is no limit. */
const MUCH_WAL_BYTES = 5 * 1024 ** 3;

/** Decides what is wrong with a pipeline, the worst first, from the status alone. */
export function verdicts(status: Status): Verdict[] {
  const found = [
    ...serverVerdicts(status),
    ...slotVerdicts(status),
    ...captureVerdicts(status),
    ...tableVerdicts(status),
    ...memoryVerdicts(status),
    ...status.queues.flatMap(queue => [...queueVerdicts(queue), ...pausedKeyVerdicts(queue, status.at)]),
    ...status.backfills.flatMap(backfillVerdicts),
    ...alertVerdicts(status),
    ...otherVerdicts(status),
  ];
  return found.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
}

function serverVerdicts({ database, redis, checkpointProblem }: Status): Verdict[] {
  const found: Verdict[] = [];
  if (!database.reachable)
    found.push(
      error('DATABASE_UNREACHABLE', `PostgreSQL cannot be reached: ${database.reason}`, database.remedy),
    );
  else if (database.inRecovery)
    found.push(
      error(
        'DATABASE_IS_STANDBY',
        'The server is a standby, which accepts no changes.',
        'Set DATABASE_URL to the primary.',
      ),
    );
  if (!redis.reachable)
    found.push(error('REDIS_UNREACHABLE', `Redis cannot be reached: ${redis.reason}`, redis.remedy));
  const problems = redis.reachable ? redis.problems : [];
  for (const { code, sentence, remedy } of [...problems, ...(checkpointProblem ? [checkpointProblem] : [])])
    found.push(error(code as VerdictCode, capital(sentence), remedy));
  return found;
}

function slotVerdicts({ database, slotName, lastActive }: Status): Verdict[] {
  if (!database.reachable || database.inRecovery) return [];
  const { slot } = database;
  if (!slot)
    return [
      error(
        'SLOT_MISSING',
        `There is no replication slot "${slotName}".`,
        lastActive
          ? 'It was there: changes since then will not come. Run "npx walmq setup", then "npx walmq accept-loss --yes", and start capture.'
          : 'Run "npx walmq setup".',
      ),
    ];
  if (slot.foreign !== undefined)
    return [
      error(
        'SLOT_FOREIGN',
        `Slot "${slot.name}" is ${slot.foreign}: walmq does not own it.`,
        'Leave it alone: set another source.slot in walmq.config.ts and run "npx walmq setup".',
      ),
    ];
  if (isLost(slot))
    return [
      error(
        'SLOT_LOST',
        `Slot "${slot.name}" is lost (${slot.invalidationReason ?? 'wal_removed'}): ${lostCause(slot)}. Changes that it had not delivered will not come.`,
        lostRemedy(slot),
      ),
    ];
  const { walStatus, retainedWalBytes, safeWalBytes } = slot;
  const little =
    safeWalBytes !== null && safeWalBytes < LITTLE_LEFT * ((retainedWalBytes ?? 0) + safeWalBytes);
  if (walStatus === 'unreserved' || little)
    return [
      error(
        'SLOT_NEAR_LIMIT',
        `Slot "${slot.name}" retains ${bytesText(retainedWalBytes ?? 0)} of WAL; ${bytesText(safeWalBytes ?? 0)} more and it may be lost.`,
        'See why capture is behind, or raise max_slot_wal_keep_size and SELECT pg_reload_conf();',
      ),
    ];
  if (safeWalBytes === null && (retainedWalBytes ?? 0) > MUCH_WAL_BYTES)
    return [
      warning(
        'SLOT_RETAINS_WAL',
        `Slot "${slot.name}" retains ${bytesText(retainedWalBytes ?? 0)} of WAL, and nothing limits it but the disk.`,
        'See why capture is behind; "npx walmq doctor" names transactions that have been open for long.',
      ),
    ];
  return [];
}

function captureVerdicts(status: Status): Verdict[] {
  const { database, redis, captures } = status;
  const slot = database.reachable ? database.slot : null;
  // Without the slot nothing can run, and without Redis no capture can report.
  if (
    !redis.reachable ||
    (database.reachable && (database.inRecovery || !slot || slot.foreign !== undefined || isLost(slot)))
  )
    return [];
  const active = captures.find(({ role }) => role === 'active');
  // An active capture cannot report if Redis takes no writes.
  if (!active && slot?.active && !takesWrites(redis)) return [];
  if (!active) return [silenceVerdict(status, slot)];
  const paused = active.pauses.map(reason =>
    warning(
      'CAPTURE_PAUSED',
      `Capture is paused: ${withStop(reason)}`,
      'PostgreSQL holds the backlog and capture goes on by itself; mend what the reason names.',
    ),
  );
  if (captures.some(({ role }) => role === 'standby')) return paused;
  return [
    ...paused,
    info(
      'STANDBY_MISSING',
      'No other capture stands by: changes wait while this one is restarted.',
      'Start a second capture where that matters.',
    ),
  ];
}

/** As the streaming capture found it, or the last one that streamed. */
function tableVerdicts({ captures, lastActive }: Status): Verdict[] {
  const teller = captures.find(({ role }) => role === 'active') ?? lastActive;
  return (teller?.tables ?? []).map(({ code, severity, sentence: text, remedy }) => ({
    code,
    severity,
    remedy,
    sentence: capital(text),
  }));
}

function takesWrites({ problems, usedMemoryBytes, maxMemoryBytes }: RedisStatus): boolean {
  const refuses = problems.some(({ code }) => code === 'REDIS_READ_ONLY' || code === 'REDIS_WRITES_FAIL');
  return !refuses && (maxMemoryBytes === 0 || usedMemoryBytes < maxMemoryBytes);
}

/** No capture reports to be active: find out why. */
function silenceVerdict({ captures, lastActive, checkpoint, at }: Status, slot: SlotStatus | null): Verdict {
  // It holds the slot while it retries.
  const blocked = captures.find(
    ({ role, lastError }) => role === 'waiting' && lastError?.code === 'CHANGE_UNREADABLE',
  );
  if (blocked)
    return error(
      'CHANGE_UNREADABLE',
      `Capture ${blocked.instance} on ${blocked.host} is blocked: ${withStop(blocked.reason ?? 'a change cannot be read')}`,
      'Mend what the reason names, or see what giving up this transaction means: "npx walmq skip --dry-run".',
    );
  if (slot?.active)
    return warning(
      'CAPTURE_UNHEARD',
      `Process ${slot.activePid} reads slot "${slot.name}", but no capture is heard of in this Redis.`,
      'Compare its REDIS_URL and redis.prefix with yours, and see whether Redis takes writes.',
    );
  const waiting = captures.find(({ role }) => role === 'waiting');
  if (waiting)
    return error(
      'CAPTURE_WAITING',
      `Capture ${waiting.instance} on ${waiting.host} does not stream: ${withStop(waiting.reason ?? 'it is starting')}`,
      'It tries again by itself; mend what the reason names.',
    );
  if (captures.length === 0 && !lastActive && !checkpoint)
    return warning(
      'NOTHING_YET',
      'No capture has run yet.',
      'Start capture as you deploy it, with "npx walmq capture".',
    );
  return error(
    'CAPTURE_DOWN',
    `No capture runs; WAL piles up${slot?.retainedWalBytes ? ` (${bytesText(slot.retainedWalBytes)} so far)` : ''}.${lastActive ? ` ${lastWords(lastActive, at)}` : ''}`,
    'See the log of capture, and start it as you deploy it, with "npx walmq capture".',
  );
}

function lastWords({ instance, host, at: saidAt, lastError }: CaptureStatus, at: string): string {
  const seconds = Math.max(0, Math.round((Date.parse(at) - Date.parse(saidAt)) / 1000));
  const fault = lastError ? ` Its last fault: ${lastError.code}.` : '';
  return `${instance} on ${host} was heard of ${seconds} s ago.${fault}`;
}

function memoryVerdicts({ redis, limits }: Status): Verdict[] {
  if (!redis.reachable || redis.maxMemoryBytes === 0) return [];
  const allowed = redis.maxMemoryBytes * limits.maxRedisMemoryShare;
  if (redis.usedMemoryBytes < NEAR * allowed) return [];
  return [
    (redis.usedMemoryBytes >= allowed ? error : warning)(
      'REDIS_MEMORY_NEAR_LIMIT',
      `Redis uses ${bytesText(redis.usedMemoryBytes)} of ${bytesText(redis.maxMemoryBytes)}; capture pauses at ${bytesText(allowed)}.`,
      'Let the workers catch up, or give Redis more memory.',
    ),
  ];
}

function hours(seconds: number): string {
  return `${Math.round(seconds / 360) / 10} hours`;
}

function queueVerdicts(queue: QueueStatus): Verdict[] {
  const { name, failed, parked, waiting, active, delayed, retriedFor, postponed, isPaused, workers } = queue;
  const found: Verdict[] = [];
  const toDo = waiting + active + delayed;
  if (workers === 0 && toDo > 0)
    found.push({
      ...error(
        'WORKERS_MISSING',
        `Queue "${name}" has ${changes(toDo)} to be processed and no worker.`,
        'Start the worker of this queue; if it runs, compare its REDIS_URL and redis.prefix with those of capture.',
      ),
      queue: name,
    });
  if (failed > 0)
    found.push({
      ...warning(
        'CHANGES_FAILED',
        `Queue "${name}" has ${changes(failed)} failed for good, and ${parked} parked behind failed or running ones.`,
        'See why: "npx walmq failed"; mend that, then "npx walmq replay", or discard what can never succeed.',
      ),
      queue: name,
    });
  if (retriedFor !== null)
    found.push({
      ...warning(
        'CHANGES_RETRIED',
        `Queue "${name}" has ${changes(delayed)} to be tried again: ${withStop(retriedFor)}`,
        'It tries by itself; mend what the reason names, before the tries run out.',
      ),
      queue: name,
    });
  if (postponed !== null && postponed.seconds > LONG_POSTPONED_SECONDS)
    found.push({
      ...warning(
        'CHANGES_POSTPONED',
        `Queue "${name}" has a change that has been put off ${postponed.times} times in ${hours(postponed.seconds)}: ${withStop(postponed.reason)}`,
        'Mend what the reason names; after maxPostponedMs of the queue the change fails and parks its key.',
      ),
      queue: name,
    });
  if (isPaused)
    found.push({
      ...warning(
        'QUEUE_PAUSED',
        `Queue "${name}" is paused with ${changes(waiting)} waiting.`,
        'Resume it in Bull Board when it is time.',
      ),
      queue: name,
    });
  return found;
}

/** A pause that is meant is short; a forgotten one fills Redis. */
function pausedKeyVerdicts({ name, pausedKeys: { count, first } }: QueueStatus, at: string): Verdict[] {
  const [one] = first.toSorted((a, b) => a.at.localeCompare(b.at));
  if (!one) return [];
  const seconds = Math.max(0, (Date.parse(at) - Date.parse(one.at)) / 1000);
  const why = one.reason === undefined ? '' : `: ${one.reason}`;
  const what = `${one.key ?? 'a key'} for ${hours(seconds)}, by ${one.by}${why}`;
  const sentence =
    count === 1
      ? `Queue "${name}" has a paused key: ${withStop(what)}`
      : `Queue "${name}" has ${count} paused keys, among them ${withStop(what)}`;
  const judge = seconds > LONG_PAUSED_SECONDS ? warning : info;
  return [
    {
      ...judge(
        'KEYS_PAUSED',
        sentence,
        `When it is time, resume: "npx walmq resume-key ${name}" lists the paused keys, and takes the key.`,
      ),
      queue: name,
    },
  ];
}

function backfillVerdicts({ id, queue, schema, table, status, error }: Backfill): Verdict[] {
  const what = `Backfill ${id} (${qualifiedName({ schema, table })} into queue "${queue}")`;
  const resume = `"npx walmq backfill --resume ${id}"`;
  const giveUp = `"npx walmq backfill --cancel ${id}"`;
  if (status === 'failed')
    return [
      warning(
        'BACKFILL_FAILED',
        `${what} failed: ${withStop(error ?? 'it did not say why')}`,
        `Mend that, then ${resume}: it goes on where it stopped. Or give it up: ${giveUp}.`,
      ),
    ];
  if (status === 'paused')
    return [info('BACKFILL_PAUSED', `${what} is paused.`, `When it is time: ${resume}.`)];
  return [];
}

/** A slot that nobody reads holds back the WAL of every pipeline. */
function otherVerdicts({ others, at }: Status): Verdict[] {
  return others
    .filter(
      ({ active, seenAt, since }) =>
        !active && Date.parse(at) - Date.parse(seenAt ?? since) >= LONG_UNSEEN_MS,
    )
    .map(({ slot, seenAt, home }) =>
      warning(
        'PIPELINE_UNSEEN',
        `No capture of the pipeline of slot "${slot}"${home ? ` (redis.prefix "${home.prefix}")` : ''} has been seen ${seenAt === null ? 'lately' : `since ${seenAt}`}: its slot holds back WAL.`,
        'Start its capture, or remove the pipeline with its own configuration: "npx walmq teardown".',
      ),
    );
}

function alertVerdicts({ alerts, at }: Status): Verdict[] {
  if (alerts === null) return [];
  const { watchedAt, failing } = alerts;
  const silentMs = watchedAt === null ? Number.POSITIVE_INFINITY : Date.parse(at) - Date.parse(watchedAt);
  return [
    ...failing.map(({ target, since, error }) =>
      warning(
        'ALERTS_FAIL',
        `Target "${target}" of alerts has taken no message since ${since}: ${withStop(error)}`,
        'Mend what the reason names, then try it: "npx walmq alert --test".',
      ),
    ),
    ...(silentMs > UNWATCHED_MS
      ? [
          warning(
            'ALERTS_UNWATCHED',
            `The configuration has alerts, but nobody ${watchedAt === null ? 'has watched yet' : `has watched since ${watchedAt}`}.`,
            'Start the dashboard, or "npx walmq alert --watch".',
          ),
        ]
      : []),
  ];
}

function error(code: VerdictCode, text: string, remedy: string): Verdict {
  return { code, severity: 'error', sentence: text, remedy };
}

function warning(code: VerdictCode, text: string, remedy: string): Verdict {
  return { code, severity: 'warning', sentence: text, remedy };
}

function info(code: VerdictCode, text: string, remedy: string): Verdict {
  return { code, severity: 'info', sentence: text, remedy };
}

function changes(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
