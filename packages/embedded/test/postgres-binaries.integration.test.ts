import { chmod, cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPostgresBinaries, locatePackage } from '../src/postgres/postgres-binaries.js';
import { serverAccount } from '../src/server/account.js';
import { run } from '../src/server/run.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walmq-test-'));
  await chmod(folder, 0o755);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** The package as npm unpacks it, before its install script has made the links. */
async function packageWithoutLinks(): Promise<string> {
  const origin = join(folder, 'package');
  const list = await readFile(join(locatePackage(), 'native', 'pg-symlinks.json'), 'utf8');
  const links = (JSON.parse(list) as { target: string }[]).map(link => join(locatePackage(), link.target));
  await cp(locatePackage(), origin, {
    recursive: true,
    verbatimSymlinks: true,
    filter: source => !links.includes(source),
  });
  return origin;
}

describe('the programs of PostgreSQL', () => {
  it('run from a copy when npm was kept from making the links of the libraries', async () => {
    const account = serverAccount();
    const origin = await packageWithoutLinks();
    const options = { account, onProgress: () => {}, origin, temporary: folder };
    const { initdb } = await findPostgresBinaries(options);
    expect(initdb.startsWith(origin)).toBe(false);
    expect(await run(initdb, ['--version'], { account, cwd: '/' })).toMatchObject({ ok: true });
    expect(await findPostgresBinaries(options)).toMatchObject({ initdb });
  });

  it("run in place where the servers' account can read them, else from a copy", async () => {
    const account = serverAccount();
    const origin = join(folder, 'package');
    await cp(locatePackage(), origin, { recursive: true, verbatimSymlinks: true });
    const options = { account, onProgress: () => {}, origin, temporary: folder };
    const inPlace = await findPostgresBinaries(options);
    expect(inPlace.postgres.startsWith(origin)).toBe(true);

    await chmod(join(origin, 'native', 'bin', 'postgres'), account ? 0o700 : 0o600);
    const copied = await findPostgresBinaries(options);
    expect(copied.postgres.startsWith(origin)).toBe(false);
    expect(await run(copied.postgres, ['--version'], { account, cwd: '/' })).toMatchObject({ ok: true });
  });

  it('are refused with what to do instead when they cannot run at all', async () => {
    const account = serverAccount();
    const origin = join(folder, 'package');
    await cp(locatePackage(), origin, {
      recursive: true,
      verbatimSymlinks: true,
      filter: source => !/\/native\/lib\/lib[^/]+$/.test(source),
    });
    await expect(
      findPostgresBinaries({ account, onProgress: () => {}, origin, temporary: folder }),
    ).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_UNAVAILABLE',
      message: expect.stringContaining('does not run'),
      remedy: expect.stringContaining('DATABASE_URL'),
    });
  });
});
