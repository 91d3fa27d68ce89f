import { execFile } from 'node:child_process';
import { chown, copyFile, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionFailure } from '../src/failure.js';
import { openClient } from '../src/open-client.js';

const run = promisify(execFile);

/** An authority, its certificates for two hosts, and one that signs itself. */
async function makeCertificates(folder: string): Promise<void> {
  /** A certificate for `name` and its key, as `<file>.pem` and `<file>.key`. */
  const certify = (file: string, name: string, ...more: string[]) =>
    run(
      'openssl',
      // biome-ignore format: an option and its value on one line
      [
        'req', '-x509', '-nodes',
        '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1',
        '-days', '2',
        '-subj', `/CN=${name}`,
        '-keyout', `${file}.key`, '-out', `${file}.pem`,
        ...more,
      ],
      { cwd: folder },
    );
  await certify('ca', 'Authority of the tests');
  for (const [name, host] of [
    ['right', 'DNS:localhost'],
    ['other', 'DNS:elsewhere.example'],
    // A client's: its common name is the role.
    ['clerk', 'DNS:clerk'],
  ] as const)
    await certify(
      name,
      name,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-addext',
      `subjectAltName=${host}`,
      '-addext',
      'basicConstraints=critical,CA:FALSE',
    );
  await certify('self', 'localhost');
}

describe('a connection that does not come about', () => {
  let postgres: EmbeddedPostgres;
  let admin: Client;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-tls-'));
    [postgres] = await Promise.all([startPostgres(), makeCertificates(folder)]);
    admin = new Client(postgres.url);
    await admin.connect();
  });
  afterAll(async () => {
    await admin?.end();
    await postgres?.stop();
    await rm(folder, { recursive: true });
  });

  function url(
    change: Partial<Pick<URL, 'hostname' | 'pathname' | 'username' | 'password' | 'port'>>,
    query = '',
  ) {
    return `${Object.assign(new URL(postgres.url), change).href}${query}`;
  }

  /** Runs the server with a certificate, or without TLS. */
  async function serve(certificate: 'right' | 'other' | 'self' | undefined): Promise<void> {
    const { uid, gid } = await stat(postgres.dataDir);
    for (const [from, to] of [
      [`${certificate}.pem`, 'server.crt'],
      [`${certificate}.key`, 'server.key'],
    ] as const) {
      if (!certificate) break;
      await copyFile(join(folder, from), join(postgres.dataDir, to));
      await chown(join(postgres.dataDir, to), uid, gid);
    }
    await admin.query(`ALTER SYSTEM SET ssl = ${certificate ? 'on' : 'off'}`);
    await admin.query('SELECT pg_reload_conf()');
  }

  async function refusal(of: string): Promise<unknown> {
    const opened = await openClient({ url: of, name: 'test' }).catch((error: unknown) => error);
    if (!(opened instanceof Error)) await (opened as { close(): Promise<void> }).close();
    return opened;
  }

  /** Until the reloaded server does so: it says nothing of when it has. */
  async function expectRefusal(of: string, code: string, remedy: RegExp): Promise<void> {
    await expect
      .poll(() => refusal(of))
      .toMatchObject({
        code,
        remedy: expect.stringMatching(remedy),
        message: expect.stringMatching(/\.$/),
      });
    // It would be the same at every try.
    expect(connectionFailure(((await refusal(of)) as Error).cause).lasting).toBe(true);
  }

  /** Until the reloaded server does so. */
  async function expectTls(of: string): Promise<void> {
    const encrypted = async () => {
      const { client, close } = await openClient({ url: of, name: 'test' });
      const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      await close();
      return rows;
    };
    await expect.poll(() => encrypted().catch((error: Error) => error.message)).toEqual([{ ssl: true }]);
  }

  async function replaceHba(lines: string): Promise<void> {
    const { uid, gid } = await stat(postgres.dataDir);
    await copyFile(join(folder, 'ca.pem'), join(postgres.dataDir, 'ca.crt'));
    await chown(join(postgres.dataDir, 'ca.crt'), uid, gid);
    await writeFile(join(postgres.dataDir, 'pg_hba.conf'), lines);
  }

  it('for TLS: each in a sentence with its mend, and none is worth another try', async () => {
    const localhost = { hostname: 'localhost' };
    const ca = `&sslrootcert=${join(folder, 'ca.pem')}`;
    await serve(undefined);
    await expectRefusal(url(localhost, '?sslmode=require'), 'DATABASE_TLS_MISSING', /sslmode=disable/);
    await serve('right');
    await expectRefusal(url(localhost, '?sslmode=require'), 'DATABASE_CERTIFICATE_REFUSED', /sslrootcert/);
    await expectTls(url(localhost, `?sslmode=require${ca}`));
    await serve('other');
    await expectRefusal(
      url(localhost, `?sslmode=verify-full${ca}`),
      'DATABASE_CERTIFICATE_REFUSED',
      /name that is in the certificate/,
    );
    await serve('self');
    await expectRefusal(
      url(localhost, '?sslmode=verify-full'),
      'DATABASE_CERTIFICATE_REFUSED',
      /NODE_EXTRA_CA_CERTS/,
    );
  });

  it('verify-ca at an address: verify-full here, the authority alone with uselibpqcompat', async () => {
    const ca = `&sslrootcert=${join(folder, 'ca.pem')}`;
    const address = { hostname: '127.0.0.1' };
    await serve('right');
    for (const mode of ['verify-ca', 'require', 'prefer', 'verify-full'])
      await expectRefusal(
        url(address, `?sslmode=${mode}${ca}`),
        'DATABASE_CERTIFICATE_REFUSED',
        /uselibpqcompat=true/,
      );
    const compatible = `&uselibpqcompat=true`;
    await expectTls(url(address, `?sslmode=verify-ca${ca}${compatible}`));
    await expectTls(url(address, `?sslmode=require${compatible}`));
    await expectTls(url(address, '?sslmode=no-verify'));
    await expectRefusal(
      url(address, `?sslmode=verify-ca&sslrootcert=${join(folder, 'self.pem')}${compatible}`),
      'DATABASE_CERTIFICATE_REFUSED',
      /sslrootcert/,
    );
  });

  it('a client certificate: asked for, refused, of another key, and taken', async () => {
    await serve('right');
    await replaceHba(`hostssl all clerk all cert\nhost all all all scram-sha-256\n`);
    for (const sql of [
      'CREATE ROLE clerk LOGIN',
      "ALTER SYSTEM SET ssl_ca_file = 'ca.crt'",
      'SELECT pg_reload_conf()',
    ])
      await admin.query(sql);
    const as = (certificate: string, key = certificate) =>
      url(
        { hostname: 'localhost', username: 'clerk', password: '' },
        `?sslmode=verify-full&sslrootcert=${join(folder, 'ca.pem')}` +
          (certificate &&
            `&sslcert=${join(folder, `${certificate}.pem`)}&sslkey=${join(folder, `${key}.key`)}`),
      );
    await expectTls(as('clerk'));
    await expectRefusal(as(''), 'DATABASE_DENIED', /sslcert/);
    await expectRefusal(as('right'), 'DATABASE_DENIED', /certificate of this role|pg_hba/);
    await expectRefusal(as('self'), 'DATABASE_CERTIFICATE_REFUSED', /ssl_ca_file/);
    await expectRefusal(as('clerk', 'right'), 'DATABASE_CERTIFICATE_REFUSED', /one pair/);
    expect(await refusal(as('nowhere'))).toMatchObject({
      code: 'DATABASE_URL_INVALID',
      message: expect.stringContaining('nowhere.pem (ENOENT)'),
    });
  });

  it.each([
    ['a missing database', () => url({ pathname: '/nowhere' }), 'DATABASE_MISSING', /create the database/],
    ['a wrong password', () => url({ password: 'wrong' }), 'DATABASE_DENIED', /user and password/],
    ['no password', () => url({ password: '' }), 'DATABASE_DENIED', /percent-encoded/],
  ])('for %s', async (_, of, code, remedy) => {
    await expectRefusal(of(), code, remedy);
  });

  it.each([
    [
      'a host that is not known',
      () => url({ hostname: 'nowhere.invalid' }),
      /"nowhere\.invalid"|nowhere\.invalid/,
    ],
    ['a server that does not run', () => url({ port: '1' }), /ECONNREFUSED/],
  ])('for %s: it may pass', async (_, of, message) => {
    const failure = (await refusal(of())) as Error;
    expect(failure).toMatchObject({ code: 'DATABASE_UNREACHABLE', message: expect.stringMatching(message) });
    expect(connectionFailure(failure.cause).lasting).toBe(false);
  });
});
