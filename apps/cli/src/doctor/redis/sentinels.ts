import { withoutStop } from '@walmq/change';
import { type Hearing, hearSentinels, hostPortText, newestAnswer, parseRedisUrl } from '@walmq/redis';
import { type Check, error, ok, warning } from '../check.js';

/** Asks every sentinel of the URL, also those that a connection does not need. Empty if the URL names no sentinels. */
export async function checkSentinels(url: string): Promise<Check[]> {
  const address = parseRedisUrl(url);
  return address.kind === 'sentinel' ? [sentinelCheck(await hearSentinels(address, 'all'))] : [];
}

export function sentinelCheck({ answers, failures }: Hearing): Check {
  const newest = newestAnswer(answers);
  const total = answers.length + failures.length;
  const silent = failures.map(({ from, error }) => `${hostPortText(from)}: ${withoutStop(error.message)}`);
  if (!newest?.primary)
    return error(
      'redis-sentinels',
      `no sentinel names a primary (${silent.join('; ') || 'they do not know the name'})`,
      'See the check "redis".',
    );
  const primary = hostPortText(newest.primary);
  const agreeing = answers.filter(answer => answer.primary && hostPortText(answer.primary) === primary);
  const found = `${agreeing.length} of ${total} sentinels name ${primary}`;
  if (newest.flags.some(flag => flag === 's_down' || flag === 'o_down'))
    return error('redis-sentinels', `${found}, and take it for dead`, 'Start it, or wait for the failover.');
  if (answers.length < newest.quorum)
    return error(
      'redis-sentinels',
      `${found}, and ${newest.quorum} have to agree to a failover`,
      `Start the others, or name all of them in REDIS_URL${silent.length > 0 ? ` (${silent.join('; ')})` : ''}.`,
    );
  if (agreeing.length < total)
    return warning(
      'redis-sentinels',
      `${found}${silent.length > 0 ? ` (${silent.join('; ')})` : ''}`,
      'Start the others, or correct their hosts in REDIS_URL; SENTINEL SENTINELS lists them.',
    );
  if (newest.flags.length > 0 && newest.replicas === 0)
    return warning(
      'redis-sentinels',
      `${found}, which has no replica to promote`,
      'Start a replica of the primary.',
    );
  return ok('redis-sentinels', `${found}, with ${newest.replicas} replicas`);
}
