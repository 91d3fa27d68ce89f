import { type Change, tableName } from '@walmq/change';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Verdict } from '../failure/verdict.js';

/**
 * A worker's metrics, in one place: name, unit, help. Make them once for the workers of a process: the registry rejects a
 * second metric of the same name.
 */
export function workerMetrics(registry: Registry) {
  const registers = [registry];
  const changes = new Counter({
    name: 'walmq_worker_changes_total',
    help: 'Tries of changes by outcome: processed, dropped (nothing to do), retried (again later), failed (for good), handed-back (at a stop), postponed (until when the other side asked for).',
    labelNames: ['queue', 'table', 'op', 'outcome'],
    registers,
  });
  const duration = new Histogram({
    name: 'walmq_worker_duration_seconds',
    help: 'Time a handler took.',
    labelNames: ['queue', 'table', 'op'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    registers,
  });
  const commitToDone = new Histogram({
    name: 'walmq_worker_commit_to_done_seconds',
    help: 'Time from the commit of a change to the end of its handler.',
    labelNames: ['queue'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600, 3600],
    registers,
  });
  const running = new Map<string, number>();
  const runs = (queue: string, more: number) => {
    running.set(queue, (running.get(queue) ?? 0) + more);
  };
  new Gauge({
    name: 'walmq_worker_active',
    help: 'Handlers running in this process.',
    labelNames: ['queue'],
    registers,
    // Set when somebody asks: a gauge costs more than a count in a map, twice per change.
    collect() {
      for (const [queue, count] of running) this.set({ queue }, count);
    },
  });
  const batchSize = new Histogram({
    name: 'walmq_worker_batch_changes',
    help: 'Changes in one call of a handler of batches.',
    labelNames: ['queue'],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    registers,
  });
  const batchDuration = new Histogram({
    name: 'walmq_worker_batch_duration_seconds',
    help: 'Time that one call of a handler of batches took.',
    labelNames: ['queue'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 30],
    registers,
  });
  const batchSplits = new Counter({
    name: 'walmq_worker_batch_splits_total',
    help: 'Batches that failed and were tried again in parts, to find the change that fails.',
    labelNames: ['queue'],
    registers,
  });
  const stalled = new Counter({
    name: 'walmq_worker_stalled_total',
    help: 'Changes taken back from a worker that died or stalled, as this process noticed.',
    labelNames: ['queue'],
    registers,
  });
  const pruned = new Counter({
    name: 'walmq_worker_pruned_rows_total',
    help: 'Rows this process deleted from the inbox and the ledger of effects.',
    labelNames: ['table'],
    registers,
  });
  return {
    started: (queue: string) => runs(queue, 1),
    finished(
      queue: string,
      change: Change,
      {
        outcome,
        durationMs,
        latencyMs,
      }: { outcome: 'processed' | Verdict; durationMs: number; latencyMs: number },
    ) {
      runs(queue, -1);
      const handler = { queue, table: tableName(change), op: change.op };
      changes.inc({ ...handler, outcome });
      duration.observe(handler, durationMs / 1000);
      if (outcome === 'processed')
        // Clocks of two machines may differ: never below zero.
        commitToDone.observe({ queue }, Math.max(0, latencyMs) / 1000);
    },
    batchEnded(queue: string, changes: number, seconds: number) {
      batchSize.observe({ queue }, changes);
      batchDuration.observe({ queue }, seconds);
    },
    batchSplit: (queue: string) => batchSplits.inc({ queue }),
    stalled: (queue: string) => stalled.inc({ queue }),
    pruned: (table: string, rows: number) => pruned.inc({ table }, rows),
  };
}

/** The metrics that the workers of a process share. */
export type WorkerMetrics = ReturnType<typeof workerMetrics>;
