import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** New connections pass, stay silent, or are reset. */
type Weather = 'passing' | 'silent' | 'refusing';

/** What of an open connection still passes. A side whose bytes are lost does not learn that the other one closed. */
interface Link {
  requests: boolean;
  replies: boolean;
}

export interface Network {
  /** The target's URL, through this network. */
  url(target: string): string;
  /** Ends every connection: in good order (FIN), or with a reset (RST). New ones pass. */
  cut(how: 'end' | 'reset'): void;
  /** Ends one connection, once: in place of the next request's bytes, or of the next reply's. */
  cutAtNext(instant: 'request' | 'reply'): void;
  /** Loses every byte of both directions; new connections are accepted and stay silent. */
  stall(): void;
  /** Loses what is sent on the open connections, in one direction or in both, without an end; new ones pass. */
  lose(what: keyof Link | 'both'): void;
  /** Ends every connection and refuses new ones. */
  refuse(): void;
  /** New connections go to another port of this machine, as after a failover; open ones stay. */
  redirect(port: number): void;
  /** New connections pass. Stalled ones are reset, as by a peer that has forgotten them. */
  mend(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A TCP proxy on 127.0.0.1 between a process and a server. */
export async function startNetwork(firstPort: number): Promise<Network> {
  let targetPort = firstPort;
  let weather: Weather = 'passing';
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
      } else if (!to.write(bytes)) from.pause();
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
