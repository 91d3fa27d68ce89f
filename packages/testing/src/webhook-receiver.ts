import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { type CertificateExtension, generate } from 'selfsigned';

export const SECRET = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;

/** A receiver's reply to a request. */
export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Received {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A real HTTP or HTTPS server that stores the requests and replies as the test configures it. */
export class Receiver {
  readonly received: Received[] = [];
  /** PEM of the server's authority. Undefined for plain HTTP. */
  readonly ca: string | undefined;
  /** A test may change this at any time. With a promise that never resolves, the receiver never answers. */
  reply: (request: Received) => Reply | Promise<Reply> = () => ({ status: 204 });
  /** Number of connections that the server has reset. */
  resets = 0;
  #resetNext = false;
  readonly #known = new WeakSet<Socket>();
  readonly #server: http.Server | https.Server;

  private constructor(server: http.Server | https.Server, ca: string | undefined) {
    this.#server = server;
    this.ca = ca;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  static async start(options: { readonly tls?: boolean } = {}): Promise<Receiver> {
    const names: CertificateExtension = {
      name: 'subjectAltName',
      altNames: [{ type: 2, value: 'localhost' }],
    };
    const pems = options.tls
      ? await generate([{ name: 'commonName', value: 'localhost' }], { extensions: [names] })
      : undefined;
    const server = pems ? https.createServer({ key: pems.private, cert: pems.cert }) : http.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return new Receiver(server, pems?.cert);
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.ca ? 'https' : 'http'}://localhost:${port}/hook`;
  }

  /** Resets the next request on a reused connection, like a receiver whose idle time-out ends at that moment. */
  resetNextOnKeptConnection(): void {
    this.#resetNext = true;
  }

  ids(): (string | undefined)[] {
    return this.received.map(({ headers }) => headers['webhook-id']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    if (this.#resetNext && this.#known.has(request.socket)) {
      this.#resetNext = false;
      this.resets += 1;
      request.socket.resetAndDestroy();
      return;
    }
    this.#known.add(request.socket);
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const headers = request.headers as Record<string, string>;
    const received = { path: request.url ?? '', headers, body };
    this.received.push(received);
    const { status, headers: own = {}, body: text } = await this.reply(received);
    response.writeHead(status, own).end(text);
  }
}
