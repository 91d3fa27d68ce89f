import { nameOf } from './acts.js';
import { topologyName } from './plan.js';
import type { Round } from './round.js';

/** A round in a few lines, for the terminal. */
export function printRound(round: Round): string {
  const { topology, captures, processes, load, failures } = round;
  const served = processes.map(({ workers }) =>
    workers.map(({ queue, batch }) => (batch === undefined ? queue : `${queue}x${batch}`)).join('+'),
  );
  const steps = round.steps.map(({ afterMs, act, settle }) => {
    const which = 'which' in act ? ` ${act.which + 1}` : '';
    return `+${afterMs}ms ${nameOf(act)}${which}${act.forMs > 0 ? ` for ${act.forMs} ms` : ''}${settle ? '' : ' (no pause)'}`;
  });
  return [
    `round ${round.seed}: ${topologyName(topology)}, ${round.shards} shards, ${round.durability}; ` +
      `${captures} captures (batches of ${round.batchChanges}, ${round.batchesInFlight} in flight); ` +
      `workers ${served.join(' | ')}, concurrency ${round.concurrency}`,
    `  load: ${load.writers} writers, ${load.paceMs} ms${load.ddl ? ', ddl' : ''}${load.truncate ? ', truncate' : ''}; ` +
      `failures ${JSON.stringify(failures)}`,
    ...steps.map(step => `  ${step}`),
  ].join('\n');
}
