import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { eventually } from '../waiting.js';
import { endNodes, NODE_PASSWORD, NODE_SETTINGS, onNode, portWithBus } from './nodes.js';

const SLOTS = 16_384;
/** Keys that one MIGRATE moves. */
const KEYS_AT_A_TIME = 100;

/** For tests: a Redis Cluster of real nodes on this machine. Each primary has its share of the slots. */
export class RedisCluster implements AsyncDisposable {
  readonly primaries: readonly EmbeddedRedis[];
  /** Replica n follows primary n modulo their number, until a failover. */
  readonly replicas: readonly EmbeddedRedis[];
  /** Connections to the primaries of the start, in their order. */
  readonly nodes: readonly Redis[];

  private constructor(primaries: readonly EmbeddedRedis[], replicas: readonly EmbeddedRedis[]) {
    this.primaries = primaries;
    this.replicas = replicas;
    this.nodes = primaries.map(({ url }) => new Redis(url, { maxRetriesPerRequest: null }));
    for (const node of this.nodes) node.on('error', () => undefined); // some are killed
  }

  /** `replicas` per primary. */
  static async start(primaries: number, replicas = 0): Promise<RedisCluster> {
    const servers: EmbeddedRedis[] = [];
    const settings = {
      ...NODE_SETTINGS,
      'cluster-enabled': 'yes',
      'cluster-node-timeout': 2000,
      'cluster-replica-validity-factor': 0,
    };
    try {
      for (let n = 0; n < primaries * (1 + replicas); n++)
        servers.push(await startRedis({ settings, port: await portWithBus() }));
      const cluster = new RedisCluster(servers.slice(0, primaries), servers.slice(primaries));
      await cluster.#join();
      return cluster;
    } catch (error) {
      await endNodes(servers);
      throw error;
    }
  }

  async #join(): Promise<void> {
    const all = [...this.primaries, ...this.replicas];
    for (const [n, node] of this.nodes.entries()) {
      const [from, to] = [n, n + 1].map(share => Math.floor((share * SLOTS) / this.nodes.length)) as [
        number,
        number,
      ];
      await node.call('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
    }
    for (const { port } of all) await this.nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port);
    await eventually(() => agree(all));
    for (const [n, replica] of this.replicas.entries()) {
      const id = (await this.nodes[n % this.nodes.length]?.call('CLUSTER', 'MYID')) as string;
      await onNode(replica, redis => redis.call('CLUSTER', 'REPLICATE', id));
    }
    await this.untilReplicated();
  }

  /** Of its first node. */
  get url(): string {
    return this.primaries[0]?.url as string;
  }

  /** As walmq takes it: names every node. */
  get clusterUrl(): string {
    const hosts = [...this.primaries, ...this.replicas].map(({ port }) => `127.0.0.1:${port}`).join(',');
    return `redis+cluster://:${NODE_PASSWORD}@${hosts}`;
  }

  /** The node that holds the slot of a key now, by what the living nodes say. */
  async holderOf(key: string): Promise<EmbeddedRedis> {
    const all = [...this.primaries, ...this.replicas];
    for (const node of all) {
      const port = await holderSeenBy(node, key).catch(() => undefined);
      const holder = all.find(server => server.port === port);
      if (holder) return holder;
    }
    throw new Error(`no node holds the slot of ${key}`);
  }

  /** Kills the holder of a key and resolves to the replica that the cluster promotes. */
  async killHolderOf(key: string): Promise<{ killed: EmbeddedRedis; promoted: EmbeddedRedis }> {
    const killed = await this.holderOf(key);
    await killed.kill('SIGKILL');
    let promoted = killed;
    await eventually(async () => {
      promoted = await this.holderOf(key);
      if (promoted === killed) throw new Error('no replica is promoted yet');
      await onNode(promoted, async redis => {
        const info = (await redis.call('CLUSTER', 'INFO')) as string;
        if (!info.includes('cluster_state:ok')) throw new Error('the cluster is down');
      });
    });
    return { killed, promoted };
  }

  /** Resolves when as many nodes as at the start follow a primary, and have its data. */
  async untilReplicated(): Promise<void> {
    await eventually(async () => {
      const infos = await Promise.all(
        [...this.primaries, ...this.replicas].map(node => onNode(node, redis => redis.info('replication'))),
      );
      const following = infos.filter(info => info.includes('master_link_status:up')).length;
      if (following < this.replicas.length) throw new Error(`${following} replicas have synchronised`);
    });
  }

  /** Gives the slot of a key, and all that is in it, to another node, while clients use it. */
  async moveSlot(key: string, to: EmbeddedRedis): Promise<void> {
    const from = await this.holderOf(key);
    if (from === to) return;
    const [source, target] = [new Redis(from.url), new Redis(to.url)];
    try {
      const slot = await source.cluster('KEYSLOT', key);
      const [fromId, toId] = (await Promise.all(
        [source, target].map(node => node.call('CLUSTER', 'MYID')),
      )) as [string, string];
      await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
      await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
      for (;;) {
        const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_A_TIME)) as string[];
        if (keys.length === 0) break;
        await source.call(
          'MIGRATE',
          '127.0.0.1',
          to.port,
          '',
          0,
          5000,
          'AUTH',
          NODE_PASSWORD,
          'KEYS',
          ...keys,
        );
      }
      for (const node of [target, source]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId);
    } finally {
      source.disconnect();
      target.disconnect();
    }
    await eventually(async () => {
      for (const node of await this.#living())
        if ((await holderSeenBy(node, key)) !== to.port) throw new Error('a node does not know of the move');
    });
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.disconnect();
    await endNodes([...this.primaries, ...this.replicas]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #living(): Promise<EmbeddedRedis[]> {
    const all = [...this.primaries, ...this.replicas];
    const alive = await Promise.all(
      all.map(node => onNode(node, redis => redis.ping()).catch(() => undefined)),
    );
    return all.filter((_, n) => alive[n] !== undefined);
  }
}

type SlotRange = [first: number, last: number, primary: [address: string, port: number, id: string]];

async function holderSeenBy(node: EmbeddedRedis, key: string): Promise<number | undefined> {
  return await onNode(node, async redis => {
    const slot = await redis.cluster('KEYSLOT', key);
    const ranges = (await redis.call('CLUSTER', 'SLOTS')) as SlotRange[];
    return ranges.find(([first, last]) => first <= slot && slot <= last)?.[2][1];
  });
}

async function agree(nodes: readonly EmbeddedRedis[]): Promise<void> {
  for (const node of nodes) {
    const info = await onNode(node, async redis => (await redis.call('CLUSTER', 'INFO')) as string);
    if (!info.includes('cluster_state:ok') || !info.includes(`cluster_known_nodes:${nodes.length}`))
      throw new Error('the nodes do not agree yet');
  }
}
