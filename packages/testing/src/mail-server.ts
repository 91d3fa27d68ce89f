import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CertificateExtension, generate } from 'selfsigned';
import { SMTPServer } from 'smtp-server';

/** A mail as the server received it. */
export interface TakenMail {
  readonly recipients: readonly string[];
  readonly sender: string;
  /** Text of headers and body. */
  readonly raw: string;
  readonly encrypted: boolean;
  readonly user: string | undefined;
}

export interface Reply {
  readonly code: number;
  readonly text: string;
}

export const LOGIN = { user: 'shop', password: 'p@ss:w/rd%' };

/** A real SMTP server for one test, which configures its replies. */
export class MailServer {
  readonly taken: TakenMail[] = [];
  /** PEM of the server's self-signed certificate. Undefined without TLS. */
  readonly ca: string | undefined;
  readonly #server: SMTPServer;
  readonly #scheme: 'smtp' | 'smtps';
  readonly #sockets = new Set<Socket>();
  /** Replies that reject a step of SMTP. A test may change them at any time. */
  refused: { login?: Reply; sender?: Reply; recipient?: Reply; mail?: Reply } = {};
  /** The server calls this and waits for it before it confirms a complete mail. */
  beforeAnswer: () => Promise<void> = async () => {};
  /** True: the server closes the connection instead of confirming a complete mail. */
  hangsUpAfterMail = false;

  private constructor(
    pems: { readonly private: string; readonly cert: string } | undefined,
    options: MailServerOptions,
  ) {
    const { tls = 'none', needsLogin = false } = options;
    this.ca = pems?.cert;
    this.#scheme = tls === 'always' ? 'smtps' : 'smtp';
    this.#server = new SMTPServer({
      ...(pems ? { key: pems.private, cert: pems.cert } : {}),
      secure: tls === 'always',
      disabledCommands: tls === 'starttls' ? [] : ['STARTTLS'],
      authOptional: !needsLogin,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      onAuth: ({ username, password }, _session, done) => {
        const isRight = username === LOGIN.user && password === LOGIN.password;
        if (this.refused.login || !isRight)
          return done(failure(this.refused.login ?? { code: 535, text: 'Invalid username or password' }));
        done(null, { user: username });
      },
      onMailFrom: (_address, _session, done) => done(failure(this.refused.sender)),
      onRcptTo: (_address, _session, done) => done(failure(this.refused.recipient)),
      onData: (stream, session, done) => {
        text(stream).then(raw => {
          if (this.refused.mail) return done(failure(this.refused.mail));
          const { mailFrom, rcptTo } = session.envelope;
          this.taken.push({
            raw,
            recipients: rcptTo.map(({ address }) => address),
            sender: mailFrom ? mailFrom.address : '',
            encrypted: session.secure,
            user: session.user,
          });
          if (this.hangsUpAfterMail) return this.#sockets.forEach(socket => void socket.destroy());
          return this.beforeAnswer().then(() => done());
        }, done);
      },
    });
    this.#server.server.on('connection', (socket: Socket) => this.#sockets.add(socket));
    // Ignore the error of a client that does not trust the certificate and closes the connection.
    this.#server.on('error', () => {});
  }

  static async start(options: MailServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(
      options.tls && options.tls !== 'none' ? await selfSigned() : undefined,
      options,
    );
    await once(server.#server.listen(0, '127.0.0.1'), 'listening');
    return server;
  }

  /** The server's URL, with user and password if given. */
  url(login?: { readonly user: string; readonly password: string }): string {
    const { port } = this.#server.server.address() as AddressInfo;
    const credentials = login ? `${login.user}:${encodeURIComponent(login.password)}@` : '';
    return `${this.#scheme}://${credentials}localhost:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }
}

export interface MailServerOptions {
  readonly tls?: 'none' | 'starttls' | 'always';
  readonly needsLogin?: boolean;
}

async function selfSigned() {
  const names: CertificateExtension = { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] };
  return await generate([{ name: 'commonName', value: 'localhost' }], { extensions: [names] });
}

function failure(reply: Reply | undefined): Error | null {
  return reply ? Object.assign(new Error(reply.text), { responseCode: reply.code }) : null;
}
