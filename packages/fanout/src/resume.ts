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
}

export type ResumeVerdict =
  /** Nothing was ever acknowledged: the checkpoint is made here. */
  | { readonly verdict: 'begin'; readonly position: Position }
  | { readonly verdict: 'resume'; readonly position: Position }
  | { readonly verdict: 'refuse'; readonly error: WalmqError };

/**
 * The checkpoint is never behind what is acknowledged. Where it is, or is gone, Redis has lost jobs that PostgreSQL
 * will not send again; where it is past the end of the WAL, this is not the database it was made for.
 */
export function resumeVerdict({ checkpoint, confirmedFlush, firstLsn, walEnd }: ResumeFacts): ResumeVerdict {
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
  if (checkpoint.lsn > walEnd) return { verdict: 'refuse', error: ahead(checkpoint.lsn, walEnd) };
  return { verdict: 'resume', position: checkpoint };
}

function lost(where: string, from: Lsn, to: Lsn): WalmqError {
  return new WalmqError(
    'REDIS_LOST_CHANGES',
    `Redis lost acknowledged changes: its checkpoint is ${where}, but the slot was acknowledged up to ${formatLsn(to)}. ` +
      `Jobs of changes between ${formatLsn(from)} and ${formatLsn(to)} may be missing.`,
    {
      remedy:
        'Restore Redis from its append-only file or replica and start again; or run "npx walmq accept-loss" to go ' +
        'on from the slot without them.',
      facts: { from: formatLsn(from), to: formatLsn(to) },
    },
  );
}

function ahead(checkpoint: Lsn, walEnd: Lsn): WalmqError {
  return new WalmqError(
    'CHECKPOINT_AHEAD',
    `the checkpoint in Redis is at ${formatLsn(checkpoint)}, past the end of this database's WAL at ${formatLsn(walEnd)}: ` +
      'the database was restored to an earlier state.',
    { remedy: 'Run "npx walmq accept-loss" to go on from where the slot stands now.' },
  );
}
