import { WalmqError } from '@walmq/change';
import type { SourceIdentity } from './checkpoint.js';
import type { Claim } from './claim.js';

/** The pipeline that feeds the queues under a prefix now. `server` is the tag of its source. */
export interface PipelineClaim extends Claim {
  readonly database: string;
  readonly slot: string;
}

export function pipelineClaimKey(prefix: string): string {
  return `${prefix}:walmq:pipeline`;
}

/** The error of a capture whose prefix another pipeline feeds. */
export function pipelineCollides(
  held: Claim,
  own: Pick<SourceIdentity, 'database' | 'slot'>,
  prefix: string,
): WalmqError {
  const { database, slot, host } = held as PipelineClaim;
  return new WalmqError(
    'PIPELINE_COLLIDES',
    `the pipeline of slot "${own.slot}" (database "${own.database}") and that of slot "${slot}" (database "${database}", capture on ${host}) both have the redis.prefix "${prefix}": their changes would mix in queues of one name.`,
    {
      remedy:
        'Give each configuration a redis.prefix of its own, and its workers the same configuration; or stop the other capture if this one replaces it (docs/guides/pipelines.md).',
      facts: { slot: own.slot, otherSlot: slot, prefix },
    },
  );
}
