import { createServer } from 'node:net';
import type { EmbeddedRedis } from '@walmq/embedded';
import { Redis } from 'ioredis';

/** One password for all nodes of a set, because its clients know one. */
export const NODE_PASSWORD = 'one-for-all-nodes';

/** Settings of a node: its replicas know the password, and are served at once, without waiting for more of them. */
export const NODE_SETTINGS = {
  requirepass: NODE_PASSWORD,
  masterauth: NODE_PASSWORD,
  'repl-diskless-sync-delay': 0,
};

/** Runs `act` on a connection to one node. Rejects if the node does not answer. */
export async function onNode<T>(
  node: { readonly url: string },
  act: (redis: Redis) => Promise<T>,
): Promise<T> {
  const redis = new Redis(node.url, {
    lazyConnect: true,
    connectTimeout: 2000,
    commandTimeout: 5000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await act(redis);
  } finally {
    redis.disconnect();
  }
}

/** Ends nodes at once, also stopped ones, and removes their data. */
export async function endNodes(nodes: readonly EmbeddedRedis[]): Promise<void> {
  await Promise.all(nodes.map(node => node.kill('SIGKILL').then(() => node.stop())));
}

/** A free port whose cluster bus, 10 000 above it, is a port too. */
export async function portWithBus(): Promise<number> {
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
