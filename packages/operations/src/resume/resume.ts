import {
  comparePositions,
  formatLsn,
  formatPosition,
  type Lsn,
  type Position,
  WalmqError,
} from '@walmq/change';

/** The known facts about the stream when a capture starts or reconnects. */
export interface ResumeFacts {
  /** The checkpoint in Redis; null when there is none. */
  readonly checkpoint: Position | null;
  /** The LSN that the slot has as acknowledged. */
  readonly confirmedFlush: Lsn;
  /** The slot's position when a capture first read it. */
  readonly firstLsn: Lsn;
  /** End of the server's WAL. */
  readonly walEnd: Lsn;
  /** Where the server left the timeline of the checkpoint; undefined while the server is on that timeline. */
  readonly divergedAt?: Lsn | undefined;
  /** True if the slot was created later than the slot through which the changes up to the checkpoint came. */
  readonly slotReplaced?: boolean | undefined;
  /** A checkpoint that was refused with this database before, and the reason. */
  readonly refusal?: Refusal | undefined;
}

/** The refusal stays until the checkpoint is moved: WAL that passes a refused checkpoint proves nothing. */
export interface Refusal {
  /** `00000000019F2B40-0000000001` */
  readonly checkpoint: string;
  readonly reason: string;
}

export type ResumeVerdict =
  /** No change was ever acknowledged: capture creates the checkpoint at this position. */
  | { readonly verdict: 'begin'; readonly position: Position }
  | { readonly verdict: 'resume'; readonly position: Position }
  | { readonly verdict: 'refuse'; readonly error: WalmqError };

/**
 * The checkpoint is never behind what is acknowledged. Where it is, or is gone, Redis has lost jobs that PostgreSQL
 * will not send again; where it is past the end of the WAL, or of what this server has of its timeline, the database
 * was set back: by a restore, or by a failover to a standby that was behind. New changes may stand where the ones it
 * counts have stood. A slot made later than the checkpoint's own stands at or past the checkpoint, in one history.
 */
export function resumeVerdict(facts: ResumeFacts): ResumeVerdict {
  const { checkpoint, confirmedFlush, firstLsn } = facts;
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
  const reason = otherHistory(checkpoint, facts);
  if (reason !== undefined) return { verdict: 'refuse', error: checkpointAhead(checkpoint, reason) };
  return { verdict: 'resume', position: checkpoint };
}

/** Why the checkpoint does not count this server's WAL, as a clause; undefined if nothing shows that. */
function otherHistory(checkpoint: Position, facts: ResumeFacts): string | undefined {
  const { confirmedFlush, walEnd, divergedAt, slotReplaced, refusal } = facts;
  if (refusal?.checkpoint === formatPosition(checkpoint)) return refusal.reason;
  if (divergedAt !== undefined && comparePositions(checkpoint, { lsn: divergedAt, seq: 0 }) > 0)
    return `this database has the WAL it counts only up to ${formatLsn(divergedAt)}`;
  if (checkpoint.lsn > walEnd) return `this database has the WAL it counts only up to ${formatLsn(walEnd)}`;
  if (slotReplaced && comparePositions(checkpoint, { lsn: confirmedFlush, seq: 0 }) > 0)
    return `the slot was made after it, at or before ${formatLsn(confirmedFlush)}`;
  return undefined;
}

function lost(where: string, from: Lsn, to: Lsn): WalmqError {
  return new WalmqError(
    'REDIS_LOST_CHANGES',
    `Redis lost acknowledged changes, or the slot was created again: the checkpoint is ${where}, but the slot was acknowledged up to ${formatLsn(to)}. ` +
      `Jobs of changes between ${formatLsn(from)} and ${formatLsn(to)} may be missing.`,
    {
      remedy:
        'Restore Redis from its append-only file or replica and start again; or run "npx walmq accept-loss" to go ' +
        'on from the slot without them. (After a dump and restore into this server: table walmq.capture came with the ' +
        'dump, and its first position is of the other server: "npx walmq accept-loss" is right there too.)',
      facts: { from: formatLsn(from), to: formatLsn(to) },
    },
  );
}

/** `reason`: a clause that states the proof. */
export function checkpointAhead(checkpoint: Position, reason: string): WalmqError {
  return new WalmqError(
    'CHECKPOINT_AHEAD',
    `the checkpoint in Redis is at ${formatLsn(checkpoint.lsn)}, but ${reason}: ` +
      'it was restored to an earlier state, or failed over to a standby that was behind, or is a copy of the server.',
    {
      remedy:
        'If REDIS_URL is not meant for this server, correct it. Else put the newer state of the database back; or run ' +
        '"npx walmq accept-loss" to go on from where the slot stands now: changes between there and the checkpoint are ' +
        'enqueued once more, and jobs of changes that this database has lost stay.',
      facts: { checkpoint: formatPosition(checkpoint), reason },
    },
  );
}
