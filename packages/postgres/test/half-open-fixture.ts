import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface HalfOpen {
  /** The target's URL, through this network. */
  url(target: string): string;
  /** From now on nothing comes back on the connections there are, and nobody is told; new ones pass. */
  loseReplies(): void;
  /** From now on nothing gets there on the connections there are, and nobody is told; new ones pass. */
  loseRequests(): void;
  /** New connections go to another port of this machine; those that are stay. */
  redirect(port: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For tests: a TCP proxy on 127.0.0.1 whose connections may become half open. */
export async function startHalfOpen(firstPort: number): Promise<HalfOpen> {
  let targetPort = firstPort;
  const sockets = new Set<Socket>();
  const ways = new Set<{ replies: boolean; requests: boolean }>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = createServer(client => {
    const target = connect(targetPort, '127.0.0.1');
    const way = { replies: true, requests: true };
    ways.add(way);
    keep(client).on('data', bytes => way.requests && target.write(bytes));
    keep(target).on('data', bytes => way.replies && client.write(bytes));
    // That the other side has closed is one of the things that nobody is told.
    client.on('close', () => way.replies && way.requests && target.destroy());
    target.on('close', () => way.replies && client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url(target) {
      return Object.assign(new URL(target), { port: String((server.address() as AddressInfo).port) }).href;
    },
    loseReplies() {
      for (const way of ways) way.replies = false;
    },
    loseRequests() {
      for (const way of ways) way.requests = false;
    },
    redirect(port) {
      targetPort = port;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
