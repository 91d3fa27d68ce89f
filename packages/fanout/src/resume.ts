import { comparePositions, formatLsn, type Lsn, type Position, WalmqError } from '@walmq/change';

/** What is known of the stream when a capture starts or comes back. */
export interface ResumeFacts {
  /** The checkpoint in Redis; null when there is none. */
  readonly checkpoint: Position | null;
  /** What the slot says was acknowledged. */
  readonly confirmedFlush: Lsn;
  /** Where the slot stood when a capture first read it. */
  readonly firstLsn: Lsn;
  /** End of the server's WAL. */
  readonly walEnd: Lsn;
  /** Where the server left the timeline of the checkpoint; undefined while it is on it. */
  readonly divergedAt?: Lsn | undefined;
}

export type ResumeVerdict =
  /** Nothing was ever acknowledged: the checkpoint is made here. */
  | { readonly verdict: 'begin'; readonly position: Position }
  | { readonly verdict: 'resume'; readonly position: Position }
  | { readonly verdict: 'refuse'; readonly error: WalmqError };

/**
 * The checkpoint is never behind what is acknowledged. Where it is, or is gone, Redis has lost jobs that PostgreSQL
 * will not send again; where it is past the end of the WAL, or of what this server has of its timeline, the database was set back: by a restore, or
 * by a failover to a standby that was behind. New changes may stand where the ones it counts have stood.
 */
export function resumeVerdict(facts: ResumeFacts): ResumeVerdict {
  const { checkpoint, confirmedFlush, firstLsn, walEnd, divergedAt } = facts;
  const acknowledged: Position = { lsn: confirmedFlush, seq: 0 };
  if (!checkpoint) {
    if (confirmedFlush === firstLsn) return { verdict: 'begin', position: acknowledged };
    return { verdict: 'refuse', error: lost('gone', firstLsn, confirmedFlush) };
  }
  if (comparePositions(checkpoint, acknowledged) < 0)
    return {
      verdict: 'refuse',
      error: lost(`at ${formatLsn(checkpoint.lsn)}`, checkpoint.lsn, confirmedFlush),
    };
  if (divergedAt !== undefined && comparePositions(checkpoint, { lsn: divergedAt, seq: 0 }) > 0)
    return { verdict: 'refuse', error: ahead(checkpoint.lsn, divergedAt) };
  if (checkpoint.lsn > walEnd) return { verdict: 'refuse', error: ahead(checkpoint.lsn, walEnd) };
  return { verdict: 'resume', position: checkpoint };
}

function lost(where: string, from: Lsn, to: Lsn): WalmqError {
  return new WalmqError(
    'REDIS_LOST_CHANGES',
    `Redis lost acknowledged changes, or the slot was made anew: the checkpoint is ${where}, but the slot was acknowledged up to ${formatLsn(to)}. ` +
      `Jobs of changes between ${formatLsn(from)} and ${formatLsn(to)} may be missing.`,
    {
      remedy:
        'Restore Redis from its append-only file or replica and start again; or run "npx walmq accept-loss" to go ' +
        'on from the slot without them.',
      facts: { from: formatLsn(from), to: formatLsn(to) },
    },
  );
}

function ahead(checkpoint: Lsn, end: Lsn): WalmqError {
  return new WalmqError(
    'CHECKPOINT_AHEAD',
    `the checkpoint in Redis is at ${formatLsn(checkpoint)}, but this database has the WAL it counts only up to ${formatLsn(end)}: ` +
      'it was restored to an earlier state, or failed over to a standby that was behind.',
    {
      remedy:
        'Jobs of changes past that are about rows as they never were here. Run "npx walmq accept-loss" to go on from ' +
        'where the slot stands now; changes between there and that point are enqueued once more.',
      facts: { checkpoint: formatLsn(checkpoint), end: formatLsn(end) },
    },
  );
}
