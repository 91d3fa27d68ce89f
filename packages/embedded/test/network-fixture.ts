import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** What a network does to connections: passes bytes, loses them without a word, or refuses whoever comes. */
type Weather = 'passing' | 'silent' | 'refusing';

export interface Network {
  /** The target's URL, through this network. */
  url(target: string): string;
  /** Ends every connection: in good order (FIN), or with a reset (RST). New ones pass. */
  cut(how: 'end' | 'reset'): void;
  /** Neither direction passes a byte, and nobody is told; new connections are taken and stay silent. */
  stall(): void;
  /** Connections that are open pass no byte any more, and do not end; new ones pass. */
  strand(): void;
  /** Ends every connection and refuses new ones. */
  refuse(): void;
  /** New connections go to another port of this machine, as after a failover; those that are stay. */
  redirect(port: number): void;
  /** New connections pass. What was stalled is reset at last, as a peer that has forgotten it would. */
  mend(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** For tests: a TCP proxy on 127.0.0.1 between a process and a server. */
export async function startNetwork(firstPort: number): Promise<Network> {
  let targetPort = firstPort;
  const sockets = new Set<Socket>();
  const stranded = new WeakSet<Socket>();
  let weather: Weather = 'passing';

  const server = createServer(client => {
    keep(client);
    if (weather === 'refusing') client.resetAndDestroy();
    if (weather !== 'passing') return;
    const target = keep(connect(targetPort, '127.0.0.1'));
    join(client, target);
    join(target, client);
  });

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  }

  function join(from: Socket, to: Socket): void {
    from.on('data', bytes => {
      if (weather === 'silent' || stranded.has(from)) return;
      if (!to.write(bytes)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.on('close', () => {
      if (weather !== 'silent' && !stranded.has(from)) to.destroy();
    });
  }

  const each = (act: (socket: Socket) => void) => {
    for (const socket of [...sockets]) act(socket);
  };

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url(target) {
      const url = new URL(target);
      url.port = String((server.address() as AddressInfo).port);
      return url.href;
    },
    cut(how) {
      each(socket => (how === 'end' ? socket.destroy() : socket.resetAndDestroy()));
    },
    stall() {
      weather = 'silent';
    },
    strand() {
      each(socket => stranded.add(socket));
    },
    refuse() {
      weather = 'refusing';
      each(socket => socket.destroy());
    },
    redirect(port) {
      targetPort = port;
    },
    mend() {
      if (weather === 'silent') each(socket => socket.resetAndDestroy());
      weather = 'passing';
    },
    async [Symbol.asyncDispose]() {
      server.close();
      each(socket => socket.destroy());
      await once(server, 'close');
    },
  };
}
