import { WalmqError, withoutStop } from '@walmq/change';
import { type HostPort, hostPortText } from '../address/address.js';
import { refusalOf } from '../refusal.js';
import { isDenied } from '../wrong-server.js';
import type { SentinelAnswer } from './ask-sentinel.js';

/** A sentinel that did not answer, and why. */
export interface SentinelFailure {
  readonly from: HostPort;
  readonly error: Error;
}

/** The answer of the newest failover. A sentinel that was cut off may still name the server before it. */
export function newestAnswer(answers: readonly SentinelAnswer[]): SentinelAnswer | undefined {
  const [newest] = answers.filter(({ primary }) => primary !== undefined).sort((a, b) => b.epoch - a.epoch);
  return newest;
}

/** Why no sentinel named a primary: one error for all of them. */
export function noPrimary(
  name: string,
  answers: readonly SentinelAnswer[],
  failures: readonly SentinelFailure[],
): WalmqError {
  const places = failures.map(({ from, error }) => `${hostPortText(from)} (${withoutStop(error.message)})`);
  const denied = failures.find(({ error }) => isDenied(error));
  if (denied)
    return new WalmqError(
      'REDIS_DENIED',
      `the Redis sentinel ${hostPortText(denied.from)} refuses user and password: ${withoutStop(denied.error.message)}.`,
      {
        remedy:
          'Set sentinelPassword, and sentinelUsername for an ACL user, in REDIS_URL: they are not those of the nodes.',
        cause: denied.error,
      },
    );
  const server = failures.find(({ error }) => /unknown command/i.test(error.message));
  if (server)
    return new WalmqError(
      'REDIS_PRIMARY_UNKNOWN',
      `${hostPortText(server.from)} is a Redis server, not a sentinel.`,
      { remedy: 'Write the hosts of the sentinels into REDIS_URL: they listen on port 26379 by default.' },
    );
  if (answers.length > failures.length)
    return new WalmqError(
      'REDIS_PRIMARY_UNKNOWN',
      `the Redis sentinels know no primary of the name "${name}".`,
      {
        remedy:
          'Write the name of "sentinel monitor <name> ..." in sentinel.conf behind the hosts of REDIS_URL; SENTINEL MASTERS lists the names.',
        facts: { name, sentinels: answers.map(({ from }) => hostPortText(from)) },
      },
    );
  const refused = failures.map(({ error }) => refusalOf(error)).find(({ passes }) => !passes);
  if (refused) {
    const { code, message, remedy } = refused.error;
    return new WalmqError(code, `no Redis sentinel can be reached: ${message}`, {
      ...(remedy === undefined ? {} : { remedy }),
      cause: refused.error,
    });
  }
  return new WalmqError('REDIS_UNREACHABLE', `no Redis sentinel names a primary: ${places.join(', ')}.`, {
    remedy:
      'Start the sentinels, or correct their hosts in REDIS_URL. Connections that are open stay open meanwhile.',
    facts: { name },
  });
}
