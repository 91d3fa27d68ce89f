import { errorSection } from '../entry.js';

const page = (alert: string) => `See [${alert}](../guides/operations.md#${alert.toLowerCase()}).`;

/** Verdicts about the whole pipeline, not about one process. `walmq status` and the dashboard show them. */
export const statusErrors = errorSection({
  ALERTS_FAIL: {
    meaning: 'A target of `alerts` does not take messages.',
    remedy: 'See the reason, then try it: `npx walmq alert --test`. [Alerts](../guides/alerts.md).',
    from: ['status'],
    outcome: 'reported',
  },
  ALERTS_UNWATCHED: {
    meaning: 'The configuration has `alerts`, but no process has looked for problems in the last minutes.',
    remedy: 'Start the dashboard, or `npx walmq alert --watch`.',
    from: ['status'],
    outcome: 'reported',
  },
  NOTHING_YET: {
    meaning: 'No capture has run yet.',
    remedy: 'Start capture.',
    from: ['status'],
    outcome: 'reported',
  },
  CAPTURE_DOWN: {
    meaning: 'No capture runs, and WAL accumulates.',
    remedy: page('WalmqCaptureDown'),
    from: ['status'],
    outcome: 'reported',
  },
  CAPTURE_WAITING: {
    meaning: 'A capture runs, but a fault keeps it from streaming. It retries by itself.',
    remedy: 'Repair what the reason names.',
    from: ['status'],
    outcome: 'reported',
  },
  CAPTURE_UNHEARD: {
    meaning: 'A process reads the slot, but no capture reports to this Redis.',
    remedy: 'Compare its `REDIS_URL` and `redis.prefix` with yours, and check that Redis accepts writes.',
    from: ['status'],
    outcome: 'reported',
  },
  CAPTURE_PAUSED: {
    meaning: 'Capture is paused, and PostgreSQL holds the backlog.',
    remedy: page('WalmqCapturePaused'),
    from: ['status'],
    outcome: 'reported',
  },
  STANDBY_MISSING: {
    meaning: 'No second capture stands by: changes wait while the active one restarts.',
    remedy: page('WalmqStandbyMissing'),
    from: ['status'],
    outcome: 'reported',
  },
  SLOT_NEAR_LIMIT: {
    meaning: 'The slot is about to be lost: little is left of `max_slot_wal_keep_size`.',
    remedy: page('WalmqSlotNearLimit'),
    from: ['status'],
    outcome: 'reported',
  },
  SLOT_RETAINS_WAL: {
    meaning: 'The slot retains much WAL, and only the disk limits it.',
    remedy: page('WalmqSlotRetainsWal'),
    from: ['status'],
    outcome: 'reported',
  },
  WORKERS_MISSING: {
    meaning: 'A queue has changes and no worker.',
    remedy: page('WalmqWorkersMissing'),
    from: ['status'],
    outcome: 'reported',
  },
  KEYS_PAUSED: {
    meaning:
      'Operators have paused single keys. Their changes wait, and all other keys run. A warning after an hour.',
    remedy: 'Resume what was forgotten: [pause one key](../guides/mend.md#pause-one-key).',
    from: ['status'],
    outcome: 'reported',
  },
  QUEUE_PAUSED: {
    meaning: 'A queue is paused, and its changes wait.',
    remedy: page('WalmqQueuePaused'),
    from: ['status'],
    outcome: 'reported',
  },
  CHANGES_FAILED: {
    meaning: 'A queue has failed changes, and later changes of their rows are parked behind them.',
    remedy: page('WalmqKeysParked'),
    from: ['status'],
    outcome: 'reported',
  },
  CHANGES_RETRIED: {
    meaning: 'Attempts of changes failed and are repeated with backoff.',
    remedy: 'Repair what the reason names before `attempts` run out.',
    from: ['status'],
    outcome: 'reported',
  },
  CHANGES_POSTPONED: {
    meaning:
      'A change has been postponed for more than an hour (`Retry-After`, `postpone`, or a commit that is not visible).',
    remedy: 'Repair what the reason names. After `maxPostponedMs` the change fails.',
    from: ['status'],
    outcome: 'reported',
  },
  BACKFILL_FAILED: {
    meaning: 'A backfill stopped with an error. Live changes flow.',
    remedy: page('WalmqBackfillFailed'),
    from: ['status'],
    outcome: 'reported',
  },
  BACKFILL_PAUSED: {
    meaning: 'Somebody paused a backfill.',
    remedy: 'Run `npx walmq backfill --resume <id>` when it is time.',
    from: ['status'],
    outcome: 'reported',
  },
  PIPELINE_UNSEEN: {
    meaning:
      'Nobody has read the slot of another pipeline of this database for a day. The slot holds back WAL, for all pipelines.',
    remedy:
      'Start its capture. If the pipeline is gone for good, run `npx walmq teardown` with its configuration: [several pipelines](../guides/pipelines.md).',
    from: ['status'],
    outcome: 'reported',
  },
});
