import { createServer } from 'node:net';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';
import { vi } from 'vitest';

const SLOTS = 16_384;
const PASSWORD = 'cluster-test';

/** For tests: a Redis Cluster of real nodes on this machine, each with its share of the slots. */
export class TestCluster {
  readonly nodes: readonly Redis[];
  readonly #servers: readonly EmbeddedRedis[];

  private constructor(servers: readonly EmbeddedRedis[], nodes: readonly Redis[]) {
    this.#servers = servers;
    this.nodes = nodes;
  }

  static async start(size: number): Promise<TestCluster> {
    const servers: EmbeddedRedis[] = [];
    for (let n = 0; n < size; n++) {
      const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': 2000 };
      servers.push(await startRedis({ settings, port: await portWithBus() }));
    }
    const nodes: Redis[] = [];
    for (const [n, { url, port }] of servers.entries()) {
      const first = new Redis(url);
      // One password for all of them, as a client of a cluster has but one.
      await first.config('SET', 'masterauth', PASSWORD);
      await first.config('SET', 'requirepass', PASSWORD);
      first.disconnect();
      const node = new Redis(urlOf(port));
      const [from, to] = [n, n + 1].map(share => Math.floor((share * SLOTS) / size)) as [number, number];
      await node.call('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
      nodes.push(node);
    }
    for (const { port } of servers) await nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port);
    const cluster = new TestCluster(servers, nodes);
    await vi.waitUntil(async () => await cluster.#agrees(size), { timeout: 30_000, interval: 50 });
    return cluster;
  }

  /** Of its first node. */
  get url(): string {
    return urlOf(this.#servers[0]?.port as number);
  }

  /** Gives the slot of a key, and all that is in it, to another node. */
  async moveSlot(key: string, to: number): Promise<void> {
    const slot = Number(await this.nodes[0]?.call('CLUSTER', 'KEYSLOT', key));
    const ids = await Promise.all(this.nodes.map(node => node.call('CLUSTER', 'MYID') as Promise<string>));
    const from = (await Promise.all(this.nodes.map(node => holds(node, slot)))).indexOf(true);
    const [source, target] = [this.nodes[from] as Redis, this.nodes[to] as Redis];
    await target.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from] as string);
    await source.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to] as string);
    const keys = (await source.call('CLUSTER', 'GETKEYSINSLOT', slot, 100_000)) as string[];
    const port = this.#servers[to]?.port as number;
    await source.call('MIGRATE', '127.0.0.1', port, '', 0, 5000, 'AUTH', PASSWORD, 'KEYS', ...keys);
    for (const node of [target, source, ...this.nodes])
      await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', ids[to] as string);
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) node.disconnect();
    await Promise.all(this.#servers.map(server => server.kill('SIGKILL').then(server.stop)));
  }

  async #agrees(size: number): Promise<boolean> {
    const infos = await Promise.all(this.nodes.map(node => node.call('CLUSTER', 'INFO') as Promise<string>));
    return infos.every(
      info => info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${size}`),
    );
  }
}

function urlOf(port: number): string {
  return `redis://:${PASSWORD}@127.0.0.1:${port}`;
}

async function holds(node: Redis, slot: number): Promise<boolean> {
  const id = (await node.call('CLUSTER', 'MYID')) as string;
  const ranges = (await node.call('CLUSTER', 'SLOTS')) as [number, number, [string, number, string]][];
  return ranges.some(([first, last, master]) => first <= slot && slot <= last && master[2] === id);
}

/** A free port whose cluster bus, 10 000 above it, is a port too. */
async function portWithBus(): Promise<number> {
  for (;;) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer().on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number };
        server.close(() => resolve(port));
      });
    });
    if (port + 10_000 < 65_536) return port;
  }
}
