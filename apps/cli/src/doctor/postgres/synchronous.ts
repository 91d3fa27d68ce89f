import { countsCapture, nameStandbysSql, type SynchronousFacts } from '@walmq/replication';
import { type Check, ok, warning } from '../check.js';

/** Checks that commits do not wait for capture as a synchronous standby. */
export function synchronousCheck(facts: SynchronousFacts): Check {
  const { names, standbys } = facts;
  if (!countsCapture(facts))
    return ok(
      'synchronous-standbys',
      names === ''
        ? 'commits wait for no standby (synchronous_standby_names is empty)'
        : `commits wait for standbys by name (${names})`,
    );
  return warning(
    'synchronous-standbys',
    `synchronous_standby_names is ${names}, which matches every reader of the WAL, capture too${standbys.length === 0 ? ', and no standby is connected: commits hang' : ''}`,
    `Name the standbys: ${nameStandbysSql(facts)}`,
  );
}
