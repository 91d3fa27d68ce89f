import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { CERTIFICATE } from '@walmq/testing';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectOnce } from '../src/connect-once.js';

const OPTIONS = { name: 'test', deadlineMs: 10_000 };

describe('a Redis that refuses says why', () => {
  let server: EmbeddedRedis;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  function urlWith(change: (url: URL) => void): string {
    const url = new URL(server.url);
    change(url);
    return url.href;
  }

  async function refusal(url: string, deadlineMs = OPTIONS.deadlineMs): Promise<unknown> {
    return await connectOnce(url, { ...OPTIONS, deadlineMs }).then(
      redis => {
        redis.disconnect();
        return 'connected';
      },
      (error: unknown) => error,
    );
  }

  it('a wrong password', async () => {
    expect(await refusal(urlWith(url => (url.password = 'wrong')))).toMatchObject({
      code: 'REDIS_DENIED',
      message: 'Redis does not know this user and password.',
    });
  });

  it('no password', async () => {
    expect(await refusal(urlWith(url => (url.password = '')))).toMatchObject({
      code: 'REDIS_DENIED',
      message: 'Redis wants a password, and REDIS_URL has none.',
    });
  });

  it('a database number that is not there, instead of going on in number 0', async () => {
    expect(await refusal(`${server.url}/99`)).toMatchObject({
      code: 'REDIS_DATABASE_UNKNOWN',
      message: 'Redis has no database of the number in REDIS_URL: ERR DB index is out of range.',
    });
  });

  it('no connection left', async () => {
    const admin = await connectOnce(server.url, OPTIONS);
    const others: Redis[] = [];
    try {
      await admin.config('SET', 'maxclients', '2');
      others.push(await connectOnce(server.url, OPTIONS));
      expect(await refusal(server.url)).toMatchObject({
        code: 'REDIS_UNREACHABLE',
        message: 'Redis has no connection left: maxclients is reached.',
        remedy: expect.stringContaining('raise maxclients'),
      });
    } finally {
      await admin.config('SET', 'maxclients', '1000');
      for (const redis of [admin, ...others]) redis.disconnect();
    }
  });

  it('protected mode', async () => {
    const url = await standIn(socket => socket.end(PROTECTED));
    expect(await refusal(url)).toMatchObject({
      code: 'REDIS_DENIED',
      message:
        'Redis runs in protected mode: without a password it accepts connections from its own machine only.',
    });
  });

  it('a server that speaks TLS, asked without', async () => {
    expect(await refusal(await throughTls('redis:'))).toMatchObject({
      code: 'REDIS_TLS_REFUSED',
      message: 'Redis speaks TLS at this port.',
      remedy: 'Write rediss:// in place of redis:// in REDIS_URL.',
    });
  });

  it('a server without TLS, asked for it', async () => {
    const url = server.url.replace('redis:', 'rediss:');
    // It takes the handshake for a command that has not ended yet.
    expect(await refusal(url, 1000)).toMatchObject({
      code: 'REDIS_TLS_REFUSED',
      message: 'Redis does not speak TLS at this port.',
    });
  });

  it('an authority that is not known', async () => {
    expect(await refusal(await throughTls('rediss:'))).toMatchObject({
      code: 'REDIS_TLS_REFUSED',
      message: expect.stringContaining('comes from an authority that this machine does not know'),
      remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });

  it('a server that is not there', async () => {
    expect(await refusal(urlWith(url => (url.port = '1')))).toMatchObject({
      code: 'REDIS_UNREACHABLE',
      message: 'Redis cannot be reached: connect ECONNREFUSED 127.0.0.1:1.',
    });
  });

  /** The server behind TLS: what `tls-port` does. */
  async function throughTls(protocol: 'redis:' | 'rediss:'): Promise<string> {
    const tls = createTlsServer(CERTIFICATE, socket => {
      const target = connect(server.port, '127.0.0.1');
      for (const side of [socket, target]) side.on('error', () => undefined);
      socket.pipe(target).pipe(socket);
    });
    tls.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    onTestFinished(() => void tls.close());
    // The name in the certificate.
    return urlWith(url => {
      url.protocol = protocol;
      url.hostname = 'localhost';
      url.port = String((tls.address() as AddressInfo).port);
    });
  }

  /** Over the loopback no Redis is in protected mode: this stands in for one, with its words. */
  async function standIn(greet: (socket: Socket) => void): Promise<string> {
    const listener = createServer(socket => greet(socket.on('error', () => undefined)));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    onTestFinished(() => void listener.close());
    return `redis://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }
});

/** As Redis 7.0 writes it (networking.c, acceptCommonHandler), but for the four remedies that follow. */
const PROTECTED =
  '-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user. ' +
  'In this mode connections are only accepted from the loopback interface.\r\n';
