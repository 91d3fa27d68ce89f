import { formatLsn, withoutStop } from '@walmq/change';
import type { CaptureStatus } from '@walmq/operations';
import type { Skipped } from '@walmq/replication';
import { type Check, error, ok } from './check.js';

const BLOCKED: ReadonlySet<string> = new Set(['CHANGE_UNREADABLE', 'PUBLICATION_WAS_MISSING']);

/** Checks the status that captures report, and skipped transactions. */
export function captureChecks(captures: readonly CaptureStatus[], skipped: readonly Skipped[]): Check[] {
  const blocked = captures.find(
    ({ role, lastError }) => role === 'waiting' && BLOCKED.has(lastError?.code ?? ''),
  );
  const [last] = skipped;
  return [
    blocked
      ? error('blocked', withoutStop(blocked.reason ?? ''), 'npx walmq skip --dry-run')
      : ok('blocked', 'no capture is blocked by a change that PostgreSQL cannot send'),
    ok(
      'skipped',
      last
        ? `${skipped.length} transaction(s) given up (walmq.skipped), the last one by ${last.skippedBy} on ${last.skippedAt}: ` +
            `commit ${formatLsn(last.commitLsn)}, tables ${last.tables.join(', ') || 'not known'}`
        : 'no transaction was given up',
    ),
  ];
}
