import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Treatment of new connections: forwarded, accepted without an answer, or reset. */
type Weather = 'passing' | 'silent' | 'refusing';

/**
 * Directions in which an open connection still forwards bytes. A side whose bytes are lost does not learn that the other
 * side has closed.
 */
interface Link {
  requests: boolean;
  replies: boolean;
}

export interface Network {
  /** Converts the target's URL to a URL through this network. */
  url(target: string): string;
  /** Ends every connection, with FIN or with a reset (RST). Forwards new connections. */
  cut(how: 'end' | 'reset'): void;
  /** Ends one connection, once: instead of forwarding the bytes of the next request or of the next reply. */
  cutAtNext(instant: 'request' | 'reply'): void;
  /** Drops every byte in both directions. Accepts new connections and never answers them. */
  stall(): void;
  /**
   * Drops bytes on open connections, in one direction or both, and leaves these connections open. Forwards new
   * connections.
   */
  lose(what: keyof Link | 'both'): void;
  /** Forwards every piece of bytes so many milliseconds later, on open and new connections. */
  slow(delayMs: number): void;
  /** Ends every connection and rejects new ones. */
  refuse(): void;
  /** Forwards new connections to another port of this machine, as after a failover. Open connections stay. */
  redirect(port: number): void;
  /** Forwards new connections, without delay. Resets stalled connections, like a peer that no longer knows them. */
  mend(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 between a process and a server. */
export async function startNetwork(firstPort: number): Promise<Network> {
  let targetPort = firstPort;
  let weather: Weather = 'passing';
  let delayMs = 0;
  let cutAt: 'request' | 'reply' | undefined;
  const sockets = new Set<Socket>();
  const links = new Set<Link>();

  const server = createServer(client => {
    keep(client);
    if (weather === 'refusing') client.resetAndDestroy();
    if (weather !== 'passing') return;
    const target = keep(connect(targetPort, '127.0.0.1'));
    const link: Link = { requests: true, replies: true };
    links.add(link);
    client.on(
      'data',
      pass(client, target, 'request', () => link.requests),
    );
    target.on(
      'data',
      pass(target, client, 'reply', () => link.replies),
    );
    client.on('close', () => {
      links.delete(link);
      if (weather !== 'silent' && link.requests && link.replies) target.destroy();
    });
    target.on('close', () => {
      if (weather !== 'silent' && link.replies) client.destroy();
    });
  });

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  }

  function pass(from: Socket, to: Socket, what: 'request' | 'reply', passes: () => boolean) {
    to.on('drain', () => from.resume());
    return (bytes: Buffer) => {
      if (weather === 'silent' || !passes()) return;
      if (cutAt === what) {
        cutAt = undefined;
        from.destroy();
        to.destroy();
      } else if (delayMs === 0) {
        if (!to.write(bytes)) from.pause();
      } else {
        // The next bytes stay in the socket meanwhile, so that they cannot overtake these.
        from.pause();
        setTimeout(() => to.write(bytes) && from.resume(), delayMs);
      }
    };
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
    cutAtNext(instant) {
      cutAt = instant;
    },
    stall() {
      weather = 'silent';
    },
    lose(what) {
      for (const link of links) {
        if (what !== 'replies') link.requests = false;
        if (what !== 'requests') link.replies = false;
      }
    },
    slow(ms) {
      delayMs = ms;
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
      delayMs = 0;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      each(socket => socket.destroy());
      await once(server, 'close');
    },
  };
}
