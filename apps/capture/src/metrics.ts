import type { EncodedChange } from '@walmq/change';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Progress } from './acknowledge.js';

/** Capture's metrics, in one place: name, unit, help. */
export function captureMetrics(registry: Registry) {
  const registers = [registry];
  const changes = new Counter({
    name: 'walmq_capture_changes_total',
    help: 'Changes read from the WAL, by table and operation.',
    labelNames: ['table', 'op'],
    registers,
  });
  const jobs = new Counter({ name: 'walmq_capture_jobs_total', help: 'Jobs enqueued.', registers });
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
    help: '1 while Redis takes no batches and PostgreSQL holds the backlog.',
    registers,
  });
  const position = new Gauge({
    name: 'walmq_capture_position_bytes',
    help: 'WAL position of each step: received, enqueued, durable, acknowledged.',
    labelNames: ['step'],
    registers,
  });
  return {
    streaming,
    paused,
    change(change: EncodedChange) {
      changes.inc({ table: `${change.schema}.${change.table}`, op: change.op });
    },
    batch(count: number) {
      jobs.inc(count);
      batchJobs.observe(count);
    },
    progress(progress: Progress) {
      position.set({ step: 'received' }, Number(progress.received));
      position.set({ step: 'enqueued' }, Number(progress.enqueued.lsn));
      position.set({ step: 'durable' }, Number(progress.durable.lsn));
      position.set({ step: 'acknowledged' }, Number(progress.acknowledged));
    },
  };
}
