import { RedisCluster } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectOnce } from '../src/connect-once.js';
import { tryRights } from '../src/rights.js';

/** Each trial may hit any node, so that one of them alone proves little. */
const TRIALS = 10;

describe('the trial of rights in a cluster', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start(3);
  });
  afterAll(() => cluster.stop());

  it('leaves no connection of any node in a transaction', async () => {
    const redis = await connectOnce(cluster.clusterUrl, { name: 'test', deadlineMs: 10_000 });
    try {
      for (let n = 0; n < TRIALS; n++) {
        await tryRights(redis, '{bull-0}');
        // As many as there are nodes, and some: a command without a key goes to any of them.
        const answers = await Promise.all(Array.from({ length: 20 }, () => redis.info('server')));
        for (const answer of answers) expect(answer).toContain('redis_version:');
      }
    } finally {
      redis.disconnect();
    }
  });

  it('names what a user may not do', async () => {
    for (const node of cluster.nodes)
      await node.call('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~*', '+@all', '-multi', '-exec');
    const url = cluster.clusterUrl.replace(/\/\/:[^@]+@/, '//app:secret@');
    const redis = await connectOnce(url, { name: 'test', deadlineMs: 10_000 });
    try {
      await expect(tryRights(redis, '{bull-0}')).rejects.toMatchObject({
        code: 'REDIS_DENIED',
        message: 'the Redis user "app" may not run EXEC, MULTI.',
      });
    } finally {
      redis.disconnect();
    }
  });
});
