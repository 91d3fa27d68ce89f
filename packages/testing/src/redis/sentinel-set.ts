import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { eventually } from '../waiting.js';
import { endNodes, NODE_PASSWORD, NODE_SETTINGS, onNode } from './nodes.js';

const NAME = 'mymaster';
/** Not that of the nodes: a client has to know both. */
const SENTINEL_PASSWORD = 'of-the-sentinels';

export interface SentinelSetOptions {
  /** Default 2. */
  readonly replicas?: number;
  /** Default 3. Two of them have to agree. */
  readonly sentinels?: number;
  /** Milliseconds without an answer after which a sentinel takes the primary for dead. Default 500. */
  readonly downAfterMs?: number;
  /** Lines of redis.conf of every node. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Lines of sentinel.conf of every sentinel. */
  readonly sentinelSettings?: Readonly<Record<string, string | number>>;
}

/** For tests: a primary, its replicas and the real Redis Sentinels that watch them, on free ports of 127.0.0.1. */
export class SentinelSet implements AsyncDisposable {
  readonly nodes: readonly EmbeddedRedis[];
  readonly sentinels: readonly EmbeddedRedis[];

  private constructor(nodes: readonly EmbeddedRedis[], sentinels: readonly EmbeddedRedis[]) {
    this.nodes = nodes;
    this.sentinels = sentinels;
  }

  static async start(options: SentinelSetOptions = {}): Promise<SentinelSet> {
    const { replicas = 2, sentinels = 3, downAfterMs = 500, settings, sentinelSettings } = options;
    const started: EmbeddedRedis[] = [];
    const start = async (given: Record<string, string | number>) => {
      const server = await startRedis({ settings: given });
      started.push(server);
      return server;
    };
    try {
      const first = await start({ ...NODE_SETTINGS, ...settings });
      const replicaof = `127.0.0.1 ${first.port}`;
      const others = await Promise.all(
        Array.from({ length: replicas }, () => start({ ...NODE_SETTINGS, ...settings, replicaof })),
      );
      // A sentinel asks the primary for its replicas at once, then every 10 s: they are there before it.
      await eventually(() => hasReplicas(first, replicas));
      const watching = await Promise.all(
        Array.from({ length: sentinels }, () =>
          start({
            requirepass: SENTINEL_PASSWORD,
            'sentinel sentinel-pass': SENTINEL_PASSWORD,
            [`sentinel monitor ${NAME}`]: `127.0.0.1 ${first.port} ${Math.min(2, sentinels)}`,
            [`sentinel auth-pass ${NAME}`]: NODE_PASSWORD,
            [`sentinel down-after-milliseconds ${NAME}`]: downAfterMs,
            [`sentinel failover-timeout ${NAME}`]: 5000,
            [`sentinel parallel-syncs ${NAME}`]: replicas,
            ...sentinelSettings,
          }),
        ),
      );
      const set = new SentinelSet([first, ...others], watching);
      await set.untilWatched();
      return set;
    } catch (error) {
      await endNodes(started);
      throw error;
    }
  }

  /** Names every sentinel, in this order, with the passwords of nodes and sentinels. */
  get url(): string {
    const hosts = this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `redis+sentinel://:${NODE_PASSWORD}@${hosts}/${NAME}?sentinelPassword=${SENTINEL_PASSWORD}`;
  }

  /** The node that the sentinels name as the primary. */
  async primary(): Promise<EmbeddedRedis> {
    for (const sentinel of this.sentinels) {
      const address = await onNode(sentinel, redis =>
        redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME),
      ).catch(() => undefined);
      const node = this.nodes.find(({ port }) => port === Number((address as string[] | undefined)?.[1]));
      if (node) return node;
    }
    throw new Error('no sentinel names a primary');
  }

  /** Resolves to the new primary when the sentinels name another node than `former` and it takes writes. */
  async untilPromoted(former: EmbeddedRedis): Promise<EmbeddedRedis> {
    let promoted = former;
    await eventually(async () => {
      promoted = await this.primary();
      if (promoted === former) throw new Error('the sentinels name the former primary');
      await onNode(promoted, redis => redis.del('walmq:testing:none'));
    });
    return promoted;
  }

  /** Lets the sentinels promote a replica while the primary lives: a planned failover. Resolves to the new primary. */
  async failOver(): Promise<EmbeddedRedis> {
    const former = await this.primary();
    await eventually(async () => {
      // Refused (NOGOODSLAVE, INPROG) for some seconds after an earlier failover.
      const [sentinel] = this.sentinels as [EmbeddedRedis];
      await onNode(sentinel, redis => redis.call('SENTINEL', 'FAILOVER', NAME));
    });
    return await this.untilPromoted(former);
  }

  /** Lets a replica receive nothing more from its primary, for which it stays a candidate. */
  async cutReplication(replica: EmbeddedRedis): Promise<void> {
    await onNode(replica, redis => redis.config('SET', 'masterauth', 'wrong'));
    await onNode(await this.primary(), redis => redis.call('CLIENT', 'KILL', 'TYPE', 'replica'));
    await eventually(async () => {
      const info = await onNode(replica, redis => redis.info('replication'));
      if (!info.includes('master_link_status:down')) throw new Error('the replica is still connected');
    });
  }

  /** Resolves when every sentinel knows the others, and the primary has every other node as a replica. */
  async untilWatched(): Promise<void> {
    await eventually(async () => {
      const replicas = this.nodes.length - 1;
      await hasReplicas(await this.primary(), replicas);
      for (const sentinel of this.sentinels) {
        const info = await onNode(sentinel, redis => redis.info('sentinel'));
        const wanted = `status=ok,address=127.0.0.1:${(await this.primary()).port},slaves=${replicas},sentinels=${this.sentinels.length}`;
        if (!info.includes(wanted)) throw new Error(`${wanted} is not yet in ${info}`);
      }
    });
  }

  async stop(): Promise<void> {
    await endNodes([...this.sentinels, ...this.nodes]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function hasReplicas(primary: EmbeddedRedis, count: number): Promise<void> {
  const info = await onNode(primary, redis => redis.info('replication'));
  const online = info.match(/^slave\d+:.*state=online/gm)?.length ?? 0;
  if (online < count) throw new Error(`${online} of ${count} replicas are online`);
}
