import type { WalmqConfig } from '@walmq/config';
import type { QueueStatus } from './pipeline-status.js';

/** False for the dead-letter queue of earlier versions once it holds nothing: a new project never had one. */
export function isListed(
  { name, waiting, active, delayed, parked, failed }: QueueStatus,
  { formerDeadLetter }: Pick<WalmqConfig, 'formerDeadLetter'>,
): boolean {
  return name !== formerDeadLetter || waiting + active + delayed + parked + failed > 0;
}
