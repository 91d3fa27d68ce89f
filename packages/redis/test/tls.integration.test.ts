import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedRedis, startRedis } from '@walmq/embedded';
import { freePort } from '@walmq/supervise';
import { CERTIFICATE } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { connectOnce } from '../src/connect-once.js';

const OPTIONS = { name: 'test', deadlineMs: 10_000 };

/** The certificate is its own authority, and that of the clients too. */
let folder: string;
let ca: string;
let key: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walmq-tls-'));
  // The account of the servers reads the files.
  await chmod(folder, 0o755);
  [ca, key] = [join(folder, 'ca.pem'), join(folder, 'key.pem')];
  await Promise.all([writeFile(ca, CERTIFICATE.cert), writeFile(key, CERTIFICATE.key)]);
});
afterAll(() => rm(folder, { recursive: true }));

const tlsSettings = () => ({ 'tls-cert-file': ca, 'tls-key-file': key, 'tls-ca-cert-file': ca });

async function connected(url: string): Promise<unknown> {
  try {
    const redis = await connectOnce(url, OPTIONS);
    const pong = await redis.ping();
    redis.disconnect();
    return pong;
  } catch (error) {
    return error;
  }
}

describe('Redis with TLS and client certificates', () => {
  let server: EmbeddedRedis;
  let at: string;
  beforeAll(async () => {
    const tlsPort = await freePort();
    server = await startRedis({
      settings: { 'tls-port': tlsPort, 'tls-auth-clients': 'yes', ...tlsSettings() },
    });
    at = server.url.replace('redis:', 'rediss:').replace(`127.0.0.1:${server.port}`, `localhost:${tlsPort}`);
  });
  afterAll(() => server.stop());

  it('a private authority and a client certificate, named in the URL', async () => {
    expect(await connected(`${at}?tlsCa=${ca}&tlsCert=${ca}&tlsKey=${key}`)).toBe('PONG');
  });

  it('another name than that of the host, if the URL says so', async () => {
    const files = `tlsCa=${ca}&tlsCert=${ca}&tlsKey=${key}`;
    const elsewhere = at.replace('localhost', '127.0.0.1');
    expect(await connected(`${elsewhere}?${files}&tlsServername=localhost`)).toBe('PONG');
    expect(await connected(`${elsewhere}?${files}&tlsServername=redis.internal`)).toMatchObject({
      code: 'REDIS_TLS_REFUSED',
      message: expect.stringContaining('is for another host'),
      remedy: expect.stringContaining('tlsServername'),
    });
  });

  it.each([
    ['no authority', () => at, /comes from an authority that this machine does not know/],
    ['no client certificate', () => `${at}?tlsCa=${ca}`, /Redis refuses the TLS certificate of this client/],
  ])('%s: one sentence with a remedy', async (_what, url, message) => {
    expect(await connected(url())).toMatchObject({
      code: 'REDIS_TLS_REFUSED',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/tlsC/),
    });
  });

  it('a file that is not there', async () => {
    expect(await connected(`${at}?tlsCa=${ca}.gone`)).toMatchObject({
      code: 'REDIS_URL_INVALID',
      message: `the file ${ca}.gone of tlsCa cannot be read: no such file or directory.`,
    });
  });
});

it('a sentinel and a node that speak TLS, and the passwords of both', async () => {
  const [nodePort, sentinelPort] = [await freePort(), await freePort()];
  const tls = { ...tlsSettings(), 'tls-auth-clients': 'no' };
  const node = await startRedis({ settings: { ...tls, 'tls-port': nodePort, requirepass: 'of-the-node' } });
  const sentinel = await startRedis({
    settings: {
      ...tls,
      'tls-port': sentinelPort,
      // Makes the sentinel speak TLS to the node.
      'tls-replication': 'yes',
      requirepass: 'of-the-sentinel',
      'sentinel monitor shop': `127.0.0.1 ${nodePort} 1`,
      'sentinel auth-pass shop': 'of-the-node',
    },
  });
  onTestFinished(async () => {
    await Promise.all([node.stop(), sentinel.stop()]);
  });
  const url = (port: number, more = '') =>
    `rediss+sentinel://:of-the-node@localhost:${port}/shop/2?sentinelPassword=of-the-sentinel&tlsCa=${ca}${more}`;
  expect(await connected(url(sentinelPort))).toBe('PONG');
  expect(await connected(url(sentinel.port, '&sentinelTls=off'))).toBe('PONG');
  expect(await connected(url(sentinelPort).replace(/&tlsCa.*/, ''))).toMatchObject({
    code: 'REDIS_TLS_REFUSED',
    message: expect.stringMatching(
      /^no Redis sentinel can be reached: .* authority that this machine does not know/,
    ),
  });
});

describe('Redis at a Unix socket', () => {
  let server: EmbeddedRedis;
  let path: string;
  beforeAll(async () => {
    await chmod(folder, 0o777);
    path = join(folder, 'redis.sock');
    server = await startRedis({ settings: { unixsocket: path, unixsocketperm: 777 } });
  });
  afterAll(() => server.stop());

  it('a database and a password', async () => {
    const { password } = new URL(server.url);
    const redis = await connectOnce(`redis+unix://:${password}@${path}?db=3`, OPTIONS);
    await redis.set('here', '3');
    redis.disconnect();
    const other = await connectOnce(`unix://${path}?password=${password}`, OPTIONS);
    expect([await other.exists('here'), await other.select(3), await other.get('here')]).toEqual([
      0,
      'OK',
      '3',
    ]);
    other.disconnect();
  });

  it('a wrong password, and a socket that is not there', async () => {
    expect(await connected(`unix://${path}`)).toMatchObject({ code: 'REDIS_DENIED' });
    expect(await connected(`unix://${path}.gone`)).toMatchObject({
      code: 'REDIS_UNREACHABLE',
      message: expect.stringContaining('the Unix socket of Redis cannot be opened'),
      remedy: expect.stringContaining('unixsocket'),
    });
  });
});
