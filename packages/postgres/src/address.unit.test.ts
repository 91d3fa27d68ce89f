import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.js';
import { ownConnection } from './client-config.js';

describe('parseAddress', () => {
  it.each([
    [
      'postgres://user:p%40%2F%23%3F@host:5433/shop',
      { user: 'user', password: 'p@/#?', host: 'host', port: 5433 },
    ],
    ['postgresql://user:p@ss@host/shop', { password: 'p@ss', host: 'host', database: 'shop' }],
    ['postgres://u:p@host/shop?application_name=a@b', { host: 'host', applicationName: 'a@b' }],
    ['postgres://u:p@[::1]:5432/shop', { host: '::1', port: 5432 }],
    ['postgres://u:p@one:5433,two/shop', { host: 'one', port: 5433 }],
    ['postgres://u:p@/shop?host=/var/run/postgresql', { host: '/var/run/postgresql', database: 'shop' }],
    ['postgres:///shop?host=/var/run/postgresql&port=5433', { host: '/var/run/postgresql', port: 5433 }],
    ['postgres://u:p@%2Fvar%2Frun/shop', { host: '/var/run', database: 'shop' }],
    ['postgres://u:p@host/shop?connect_timeout=3', { connectTimeoutMs: 3000 }],
    ['postgres://u:p@host/shop?connect_timeout=0', { connectTimeoutMs: undefined }],
    ['postgres://u:p@host/shop?options=-c%20work_mem%3D1MB', { options: '-c work_mem=1MB' }],
    ['postgres://u:p@host/shop?sslmode=require', { ssl: {} }],
    ['postgres://u:p@host/shop?sslmode=verify-full&sslrootcert=system', { ssl: {} }],
    ['postgres://u:p@host/shop?sslmode=disable', { ssl: false }],
    ['postgres://u:p@host/shop?statement_timeout=7&query_timeout=9', { timeouts: { statement_timeout: 7 } }],
  ])('reads %s', (url, expected) => {
    expect(parseAddress(url, {})).toMatchObject(expected);
  });

  it.each([
    ['mysql://host/shop', 'is not a postgres:// or postgresql:// URL'],
    ['host=localhost dbname=shop', 'is not a postgres:// or postgresql:// URL'],
    [
      'postgres://user:se#cret@host/shop',
      'has a "#" in user or password, which ends the host there: write it as %23',
    ],
    ['postgres://user:se/cret@host/shop', 'write it as %2F'],
    ['postgres://user:1/cret@host/shop', 'write it as %2F'],
    ['postgres://user:p@se/cret@host/shop', 'write it as %2F'],
    ['postgres://user:se?cret@host/shop', 'write it as %3F'],
    ['postgres://user:100%@host/shop', 'write it as %25'],
    ['postgres://user:secret@host:port/shop', 'check the port'],
    ['postgres://user:secret@one,two:x/shop', 'check the port'],
    ['postgres://user:secret@one/shop?target_session_attrs=standby', 'walmq needs a primary'],
    ['postgres://user:secret@one/shop?sslmode=allow', 'has sslmode=allow: it must be one of disable'],
    [
      'postgres://user:secret@one/shop?sslmode=verify-ca&uselibpqcompat=true',
      'needs the file of the authority',
    ],
    ['postgres://user:secret@host/shop?sslrootcert=/nowhere/ca.pem', '/nowhere/ca.pem (ENOENT)'],
  ])('refuses %s in words, without its secret', (url, expected) => {
    let said: unknown;
    try {
      parseAddress(url, {});
    } catch (error) {
      said = error;
    }
    expect(said).toMatchObject({ code: 'DATABASE_URL_INVALID', message: expect.stringContaining(expected) });
    expect((said as Error).message).not.toMatch(/cret/);
  });
});

describe('ownConnection', () => {
  it("puts our settings after the URL's, so that they count", () => {
    const { options } = ownConnection({
      url: 'postgres://host/shop?options=-c%20TimeZone%3DAsia%2FTokyo%20-c%20work_mem%3D1MB',
      name: 'ours',
      settings: { lock_timeout: '10s' },
    });
    expect(options).toMatch(
      /^-c TimeZone=Asia\/Tokyo -c work_mem=1MB -c TimeZone=UTC .*-c lock_timeout=10s /,
    );
    expect(options).toContain(String.raw`-c default_transaction_isolation=read\ committed`);
  });

  it('names transaction_timeout to servers that know it', () => {
    const options = (serverMajor: number) =>
      ownConnection({ url: 'postgres://host/shop', name: 'ours', serverMajor }).options;
    expect(options(16)).not.toMatch(/ transaction_timeout=/);
    expect(options(17)).toMatch(/ transaction_timeout=0/);
  });
});
