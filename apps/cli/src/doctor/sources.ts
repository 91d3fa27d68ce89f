import { type Check, ok, warning } from './check.js';

/**
 * Checks that no other pipeline feeds queues under the same prefix. `checkpoints`: keys of other pipelines'
 * checkpoints.
 */
export function sourcesCheck(checkpoints: readonly string[]): Check {
  if (checkpoints.length === 0) return ok('sources', 'no other pipeline has a checkpoint under redis.prefix');
  return warning(
    'sources',
    `another pipeline feeds queues under the same redis.prefix (${checkpoints.join(', ')}): in a queue of one name, rows of the two with one key wait for each other`,
    'Give each pipeline a redis.prefix of its own; if the other one is gone for good, delete its checkpoint with DEL.',
  );
}
