import type { AlertStatus } from '../status/pipeline-status.js';
import type { AlertState } from './alert-state.js';

/** What the status says of the watchers and targets. */
export function alertStatus({ savedAtMs, targets, outbox }: AlertState): AlertStatus {
  return {
    watchedAt: savedAtMs === 0 ? null : new Date(savedAtMs).toISOString(),
    failing: Object.entries(targets).flatMap(([target, { failingSinceMs, error }]) =>
      failingSinceMs === null
        ? []
        : { target, since: new Date(failingSinceMs).toISOString(), error: error ?? 'it did not say why' },
    ),
    waiting: outbox.length,
  };
}
