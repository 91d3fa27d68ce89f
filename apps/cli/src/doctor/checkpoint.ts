import { formatLsn, withoutStop } from '@walmq/change';
import { type ResumeFacts, resumeVerdict } from '@walmq/operations';
import { type Check, error, ok } from './check.js';

/** Checks that Redis still holds every change that capture has confirmed to PostgreSQL. */
export function checkpointCheck(facts: ResumeFacts | undefined): Check[] {
  if (!facts) return [];
  const verdict = resumeVerdict(facts);
  switch (verdict.verdict) {
    case 'begin':
      return [ok('checkpoint', `none yet: capture begins at ${formatLsn(verdict.position.lsn)}`)];
    case 'resume':
      return [
        ok(
          'checkpoint',
          `enqueued up to ${formatLsn(verdict.position.lsn)}, acknowledged up to ${formatLsn(facts.confirmedFlush)}`,
        ),
      ];
    case 'refuse': {
      const { message, remedy = '' } = verdict.error;
      return [error('checkpoint', withoutStop(message), remedy)];
    }
  }
}
