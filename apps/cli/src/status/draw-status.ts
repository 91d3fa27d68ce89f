import { styleText } from 'node:util';
import { type Backfill, doneOf, paceOf } from '@walmq/backfill';
import { qualifiedName } from '@walmq/change';
import {
  bytesText,
  type CaptureStatus,
  type DatabaseStatus,
  type LagStatus,
  type PipelineStatus,
  type QueueFiguresStatus,
  type QueueStatus,
  type RedisStatus,
  type Severity,
  type SlotStatus,
  type Verdict,
  type WorkedOff,
} from '@walmq/operations';
import { durationText } from '../terminal/duration.js';
import { printable } from '../terminal/printable.js';
import { tableLines } from '../terminal/table.js';

const COLOURS = { error: 'red', warning: 'yellow', info: 'cyan' } as const satisfies Record<Severity, string>;
const SEVERITY_WIDTH = 7;

/** The status as lines for a terminal. */
export function drawStatus(status: PipelineStatus, colours: boolean): string[] {
  const { database, redis, captures, lag, queues, backfills, others, verdicts } = status;
  return [
    ...(database.reachable
      ? databaseLines(database, lag)
      : [`PostgreSQL  unreachable: ${printable(database.reason)}`]),
    redis.reachable ? redisLine(redis) : `Redis       unreachable: ${printable(redis.reason)}`,
    ...(captures.length > 0 ? ['', ...captureLines(captures, status.at)] : []),
    ...(queues.length > 0 ? ['', ...queueLines(queues)] : []),
    ...(backfills.length > 0 ? ['', ...backfillLines(backfills, Date.parse(status.at))] : []),
    ...(others.length > 0 ? ['', ...otherLines(others)] : []),
    '',
    ...(verdicts.length > 0
      ? verdicts.flatMap(verdict => verdictLines(verdict, colours))
      : [colours ? paint('green', 'All is well.') : 'All is well.']),
  ];
}

function databaseLines({ version, name, slot }: DatabaseStatus, lag: LagStatus | null): string[] {
  const lines = [`PostgreSQL  ${version}, database "${name}"`];
  if (slot) lines.push(slotLine(slot));
  if (lag) lines.push(`Behind      ${lagText(lag)}${oldestText(slot)}`);
  return lines;
}

function oldestText(slot: SlotStatus | null): string {
  const seconds = slot?.oldestUnconfirmedSeconds;
  return seconds ? `, oldest ${durationText(seconds)}` : '';
}

function slotLine(slot: SlotStatus): string {
  const parts = [
    slot.active ? `read by process ${slot.activePid}` : 'read by nobody',
    slot.invalidationReason ?? slot.walStatus ?? 'not reserved yet',
    `retains ${bytesText(slot.retainedWalBytes ?? 0)} of WAL`,
    ...(slot.safeWalBytes === null ? [] : [`${bytesText(slot.safeWalBytes)} more may come`]),
    ...(slot.failover ? ['failover'] : []),
  ];
  return `Slot        "${slot.name}", ${parts.join(', ')}`;
}

function lagText({ receivedBytes, enqueuedBytes, durableBytes, acknowledgedBytes }: LagStatus): string {
  const steps = [
    ['received', receivedBytes],
    ['enqueued', enqueuedBytes],
    ['durable', durableBytes],
    ['acknowledged', acknowledgedBytes],
  ] as const;
  return steps.map(([step, bytes]) => `${step} ${bytes === null ? '-' : bytesText(bytes)}`).join(', ');
}

function redisLine(redis: RedisStatus): string {
  if (!redis.informs) return 'Redis       answers, but refuses INFO: version and memory are unknown';
  const limit = redis.maxMemoryBytes > 0 ? ` of ${bytesText(redis.maxMemoryBytes)}` : '';
  const policy = redis.maxMemoryPolicy === null ? '' : `, ${redis.maxMemoryPolicy}`;
  return `Redis       ${redis.product} ${redis.version}, ${bytesText(redis.usedMemoryBytes)}${limit} used${policy}`;
}

function captureLines(captures: readonly CaptureStatus[], at: string): string[] {
  return tableLines(
    ['CAPTURE', 'ROLE', 'HOST', 'PID', 'VERSION', 'UP', 'CHANGES/S', 'BATCH'],
    captures.map(one => [
      one.instance,
      one.pauses.length > 0 ? `${one.role} (paused)` : one.role,
      one.host,
      one.pid,
      one.version,
      durationText(Math.max(0, (Date.parse(at) - Date.parse(one.startedAt)) / 1000)),
      one.changesPerSecond,
      one.batchJobs ?? '-',
    ]),
  );
}

function queueLines(queues: readonly QueueStatus[]): string[] {
  return tableLines(
    [
      'QUEUE',
      'WAITING',
      'ACTIVE',
      'DELAYED',
      'PARKED',
      'FAILED',
      'DONE/MIN',
      'OLDEST',
      'LEFT',
      'P50/P95/P99',
      'WORKERS',
    ],
    queues.map(queue => [
      `${queue.name}${queue.isPaused ? ' (paused)' : ''}${queue.pausedKeys.count > 0 ? ` (${queue.pausedKeys.count} keys paused)` : ''}`,
      queue.waiting,
      queue.active,
      queue.delayed,
      queue.parked,
      queue.failed,
      atLeast(queue.completedPerMinuteIsLeast, `${queue.completedPerMinute}`),
      queue.oldestSeconds === null ? '-' : atLeast(queue.oldestIsLeast, durationText(queue.oldestSeconds)),
      leftText(queue.workedOff),
      latencyText(queue.figures),
      queue.workers ?? '?',
    ]),
  );
}

function atLeast(isLeast: boolean, text: string): string {
  return isLeast ? `${text}+` : text;
}

/** Time until the backlog is worked off. */
function leftText({ seconds, isLeast, reason }: WorkedOff): string {
  if (seconds === null) return reason === 'nothing completes' ? 'stands' : 'grows';
  return seconds === 0 ? '-' : atLeast(isLeast, durationText(seconds));
}

/** From the commit to the end of the handler, over the last hour. */
function latencyText(figures: QueueFiguresStatus | null): string {
  if (figures === null) return '?';
  const { latency } = figures.lastHour;
  return latency === null ? '-' : [latency.p50, latency.p95, latency.p99].map(shortDuration).join('/');
}

/** `12ms`, `1.5s`, `3min`, `2h`: for columns. */
function shortDuration(seconds: number): string {
  if (seconds < 1) return `${Math.ceil(seconds * 1000)}ms`;
  if (seconds < 100) return `${Math.round(seconds * 10) / 10}s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)}min` : `${Math.round(seconds / 3600)}h`;
}

/** The backfills and their progress. The verdicts show why a backfill failed. */
function backfillLines(backfills: readonly Backfill[], nowMs: number): string[] {
  return tableLines(
    ['BACKFILL', 'STATUS', 'QUEUE', 'TABLE', 'READ', 'OF', 'ROWS/S', 'LEFT'],
    backfills.map(backfill => {
      const { done, of } = doneOf(backfill);
      const { rowsPerSecond, secondsLeft } = paceOf(backfill, nowMs);
      return [
        backfill.id,
        backfill.status,
        backfill.queue,
        qualifiedName(backfill),
        done,
        of > done ? `${of}` : '-',
        rowsPerSecond === null ? '-' : Math.round(rowsPerSecond),
        secondsLeft === null ? '-' : durationText(secondsLeft),
      ];
    }),
  );
}

/** The other pipelines of the database. */
function otherLines(others: PipelineStatus['others']): string[] {
  return tableLines(
    ['OTHER SLOT', 'DATABASE', 'LAST SEEN', 'PREFIX', 'REDIS', 'CAPTURE ON', 'SINCE'],
    others.map(({ slot, database, active, seenAt, home, since }) => [
      slot,
      database,
      active ? 'now' : (seenAt ?? '-'),
      home?.prefix ?? '-',
      home?.redis ?? '-',
      home?.host ?? '-',
      since,
    ]),
  );
}

function verdictLines({ severity, code, sentence, remedy }: Verdict, colours: boolean): string[] {
  const word = severity.padEnd(SEVERITY_WIDTH);
  return [
    `${colours ? paint(COLOURS[severity], word) : word}  ${code}: ${printable(sentence)}`,
    `${' '.repeat(SEVERITY_WIDTH + 2)}-> ${printable(remedy)}`,
  ];
}

/** Colours a text. The caller has decided to use colours, so styleText must not check the stream. */
function paint(colour: 'red' | 'yellow' | 'cyan' | 'green', text: string): string {
  return styleText(colour, text, { validateStream: false });
}
