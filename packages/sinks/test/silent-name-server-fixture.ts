import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A DNS server that takes every question and answers none. */
export class SilentNameServer {
  /** The names it was asked for, as often as it was asked. */
  readonly asked: string[] = [];
  readonly #socket = createSocket('udp4');

  static async start(): Promise<SilentNameServer> {
    const server = new SilentNameServer();
    server.#socket.on('message', question => server.asked.push(nameIn(question)));
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await once(this.#socket, 'close');
  }
}

/** RFC 1035, section 4.1.2: labels after a header of 12 bytes, each behind its length. */
function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (question[at] ?? 0) > 0; at += 1 + (question[at] as number))
    labels.push(question.toString('latin1', at + 1, at + 1 + (question[at] as number)));
  return labels.join('.').toLowerCase();
}
