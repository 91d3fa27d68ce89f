import { qualifiedName } from '@walmq/change';
import type { TableFinding } from '@walmq/operations';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SlotSnapshot } from '../postgres/watch-slot.js';
import type { Progress } from '../progress/acknowledge.js';
import { type CaptureEvent, PAUSE_CAUSES } from './capture-event.js';
import type { Condition } from './condition.js';

const ROLES = ['active', 'standby', 'waiting'] as const;
/** https://www.postgresql.org/docs/current/view-pg-replication-slots.html */
const WAL_STATUSES = ['reserved', 'extended', 'unreserved', 'lost'] as const;

/** Capture's metrics, in one place: name, unit, help; and the events that set them. */
export function captureMetrics(registry: Registry): (event: CaptureEvent, condition: Condition) => void {
  const registers = [registry];
  const changes = new Counter({
    name: 'walmq_capture_changes_total',
    help: 'Changes read from the WAL, by table and operation.',
    labelNames: ['table', 'op'],
    registers,
  });
  const jobs = new Counter({ name: 'walmq_capture_jobs_total', help: 'Jobs enqueued.', registers });
  const contextsRefused = new Counter({
    name: 'walmq_capture_contexts_refused_total',
    help: 'Context messages of transactions that were not a JSON object of at most 8192 bytes.',
    registers,
  });
  const eventsMalformed = new Counter({
    name: 'walmq_capture_events_malformed_total',
    help: 'Events that cannot be read, that no queue takes, or that were sent outside their transaction.',
    registers,
  });
  const changesParked = new Counter({
    name: 'walmq_capture_changes_parked_total',
    help: 'Changes that cannot be written as JSON, or take more than 64 MiB: enqueued by their key alone, they fail.',
    registers,
  });
  const backfilled = new Counter({
    name: 'walmq_capture_backfill_rows_total',
    help: 'Rows that were in a table before and have been enqueued, durably, by queue.',
    labelNames: ['queue'],
    registers,
  });
  // Without labels: a counter that is there from the start is one whose first increase is seen.
  const backfillsFailed = new Counter({
    name: 'walmq_capture_backfills_failed_total',
    help: 'Backfills that failed, until they are resumed; each resumption that fails counts.',
    registers,
  });
  const batchJobs = new Histogram({
    name: 'walmq_capture_batch_jobs',
    help: 'Jobs in a batch, one script call each.',
    buckets: [0, 1, 5, 20, 100, 500, 2000, 10_000],
    registers,
  });
  const streaming = new Gauge({
    name: 'walmq_capture_streaming',
    help: '1 while this process reads the slot; 0 while it stands by or reconnects.',
    registers,
  });
  const paused = new Gauge({
    name: 'walmq_capture_paused',
    help: '1 while nothing is enqueued and PostgreSQL holds the backlog; walmq_capture_pause says why.',
    registers,
  });
  const pause = new Gauge({
    name: 'walmq_capture_pause',
    help: '1 for each cause of a pause: redis takes no batches, the backlog is at its limit, visibility of a table that was just altered, postgres sends nothing.',
    labelNames: ['cause'],
    registers,
  });
  const drift = new Gauge({
    name: 'walmq_capture_drift',
    help: 'In how many ways a table is not what the queue expects of it; absent without an expectation.',
    labelNames: ['queue', 'table'],
    registers,
  });
  const unpublished = new Gauge({
    name: 'walmq_capture_unpublished',
    help: '1 for each way in which changes that queues expect do not come, or not whole; table is empty for all of them.',
    labelNames: ['code', 'table'],
    registers,
  });
  const losses = new Gauge({
    name: 'walmq_capture_unpublished_before',
    help: 'Times in which changes did not come, or rows came and went without one, until a person accepts them.',
    registers,
  });
  const position = new Gauge({
    name: 'walmq_capture_position_bytes',
    help: 'WAL position of each step: received, enqueued, durable, acknowledged; written is the end of the WAL.',
    labelNames: ['step'],
    registers,
  });
  const role = new Gauge({
    name: 'walmq_capture_role',
    help: '1 for what this process is: active reads the slot, standby waits for it, waiting has a fault.',
    labelNames: ['role'],
    registers,
  });
  const durability = new Gauge({
    name: 'walmq_capture_durability_kept',
    help: '0 while Redis does not confirm batches as redis.durability promises, so that none is acknowledged.',
    registers,
  });
  const sessionsEnded = new Counter({
    name: 'walmq_capture_sessions_ended_total',
    help: 'Connections that ended, by the code of the fault; SLOT_BUSY is that of a capture that stands by.',
    labelNames: ['code'],
    registers,
  });
  const slotActive = new Gauge({
    name: 'walmq_capture_slot_active',
    help: '1 while somebody reads the slot; 0 also when there is no slot.',
    registers,
  });
  const slotRetained = new Gauge({
    name: 'walmq_capture_slot_retained_wal_bytes',
    help: 'WAL that the slot keeps the server from removing.',
    registers,
  });
  const slotSafe = new Gauge({
    name: 'walmq_capture_slot_safe_wal_bytes',
    help: 'WAL that can still be written before the slot may be lost; absent without max_slot_wal_keep_size.',
    registers,
  });
  const slotWalStatus = new Gauge({
    name: 'walmq_capture_slot_wal_status',
    help: '1 for the wal_status of the slot: reserved, extended, unreserved, lost.',
    labelNames: ['status'],
    registers,
  });
  const lag = new Gauge({
    name: 'walmq_capture_lag_seconds',
    help: 'No unacknowledged change is older, as far as this process has been looking.',
    registers,
  });
  for (const cause of PAUSE_CAUSES) pause.set({ cause }, 0);
  for (const name of ROLES) role.set({ role: name }, name === 'waiting' ? 1 : 0);
  durability.set(1);
  slotUnknown();

  /** The server does not answer: what was seen before may not hold any more. */
  function slotUnknown(): void {
    for (const gauge of [slotActive, slotRetained, slotSafe, lag]) gauge.remove();
    for (const status of WAL_STATUSES) slotWalStatus.remove({ status });
  }

  function slotIs({ slot, walEnd }: SlotSnapshot, lagMs: number | undefined): void {
    position.set({ step: 'written' }, Number(walEnd));
    slotActive.set(slot?.active ? 1 : 0);
    setOrRemove(slotRetained, slot?.retainedWalBytes);
    setOrRemove(slotSafe, slot?.safeWalBytes);
    setOrRemove(lag, lagMs === undefined ? undefined : lagMs / 1000);
    for (const status of WAL_STATUSES) slotWalStatus.set({ status }, slot?.walStatus === status ? 1 : 0);
  }

  function roleIs(current: (typeof ROLES)[number]): void {
    streaming.set(current === 'active' ? 1 : 0);
    for (const name of ROLES) role.set({ role: name }, name === current ? 1 : 0);
  }

  function pausesAre({ pauses }: Condition): void {
    paused.set(pauses.size > 0 ? 1 : 0);
    for (const cause of PAUSE_CAUSES) pause.set({ cause }, pauses.has(cause) ? 1 : 0);
  }

  function tablesAre(findings: readonly TableFinding[]): void {
    unpublished.reset();
    for (const { code, table, isOpen } of findings)
      if (isOpen) unpublished.set({ code, table: table ?? '' }, 1);
    losses.set(findings.filter(({ isOpen }) => !isOpen).length);
  }

  function progressIs({ received, enqueued, durable, acknowledged }: Progress): void {
    position.set({ step: 'received' }, Number(received));
    position.set({ step: 'enqueued' }, Number(enqueued.lsn));
    position.set({ step: 'durable' }, Number(durable.lsn));
    position.set({ step: 'acknowledged' }, Number(acknowledged));
  }

  return (event, condition) => {
    switch (event.type) {
      case 'streaming':
        roleIs('active');
        durability.set(1);
        break;
      case 'interrupted':
        roleIs(event.role);
        sessionsEnded.inc({ code: event.error.code });
        pausesAre(condition);
        // Another process may look at the tables now.
        for (const gauge of [drift, unpublished, losses]) gauge.reset();
        break;
      case 'progress':
        progressIs(event.progress);
        break;
      case 'changes':
        for (const { op, count, ...name } of event.counts)
          changes.inc({ table: qualifiedName(name), op }, count);
        break;
      case 'batch':
        jobs.inc(event.jobs);
        batchJobs.observe(event.jobs);
        break;
      case 'paused':
        pausesAre(condition);
        if (event.cause === 'redis')
          durability.set((event.error as { code?: unknown }).code === 'NOT_DURABLE_YET' ? 0 : 1);
        break;
      case 'resumed':
        pausesAre(condition);
        if (event.cause === 'redis') durability.set(1);
        break;
      case 'drift': {
        const { queue, table, differences } = event.notice;
        drift.set({ queue, table }, differences.length);
        break;
      }
      case 'tables':
        tablesAre(event.findings);
        break;
      case 'context-refused':
        contextsRefused.inc();
        break;
      case 'change-parked':
        changesParked.inc();
        break;
      case 'event-malformed':
        eventsMalformed.inc();
        break;
      case 'backfill': {
        const { notice } = event;
        if (notice.event === 'chunk') backfilled.inc({ queue: notice.backfill.queue }, notice.enqueued);
        if (notice.event === 'failed') backfillsFailed.inc();
        break;
      }
      case 'slot':
        slotIs(event.snapshot, event.lagMs);
        break;
      case 'slot-unknown':
        slotUnknown();
        break;
    }
  };
}

function setOrRemove(gauge: Gauge, value: number | null | undefined): void {
  if (value === null || value === undefined) gauge.remove();
  else gauge.set(value);
}
