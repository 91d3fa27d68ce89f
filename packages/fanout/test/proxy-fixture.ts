import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Proxy {
  /** The target's URL, through the proxy. */
  url(target: string): string;
  /** Cuts the connection once: when the next request would pass (it never arrives) or its reply would. */
  cutAtNext(instant: 'request' | 'reply'): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For tests: a TCP proxy that cuts connections at a chosen instant. */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let cutAt: 'request' | 'reply' | undefined;

  const server: Server = createServer(client => {
    const target = connect(targetPort, '127.0.0.1');
    const cut = () => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    const pass = (to: Socket, instant: 'request' | 'reply') => (bytes: Buffer) => {
      if (cutAt === instant) {
        cutAt = undefined;
        cut();
      } else to.write(bytes);
    };
    client.on('data', pass(target, 'request'));
    target.on('data', pass(client, 'reply'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url(target) {
      const url = new URL(target);
      url.port = String((server.address() as AddressInfo).port);
      return url.href;
    },
    cutAtNext(instant) {
      cutAt = instant;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
