import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { create } from '../src/create.js';

describe('npm create walmq', () => {
  beforeEach(() => {
    // A registry that nobody can reach.
    vi.stubEnv('npm_config_registry', 'http://127.0.0.1:1');
    vi.stubEnv('npm_config_fetch_retries', '0');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  async function folderWith(...paths: string[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'create-walmq-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    for (const path of paths) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), '');
    }
    return folder;
  }

  async function run(args: readonly string[], nodeVersion = '20.19.0') {
    const lines: string[] = [];
    const errors: string[] = [];
    const code = await create(args, {
      version: '1.2.3',
      nodeVersion,
      userAgent: 'npm/11.0.0 node/v20.19.0',
      print: line => lines.push(line),
      printError: line => errors.push(line),
    });
    return { code, lines, error: errors.join('\n') };
  }

  it('leaves a folder as it was when the registry cannot be reached', async () => {
    const folder = await folderWith('.git/HEAD', 'README.md');
    const before = await readdir(folder, { recursive: true });
    const { code, error } = await run([folder]);
    expect(code).toBe(1);
    expect(error).toMatch(
      /ECONNREFUSED.*"npm install walmq@\^1\.2\.3" failed: .*registry.*\nNothing was created\.$/s,
    );
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  it('removes the folders that it has made', async () => {
    const folder = await folderWith();
    expect(await run([join(folder, 'a/b/shop')])).toMatchObject({ code: 1 });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [
      'a folder with files',
      ['shop/index.js'],
      'shop',
      /shop is not empty: it holds index\.js\. .*npx walmq init/,
    ],
    ['a project', ['package.json'], '.', /is not empty: it holds package\.json/],
    ['a file', ['shop'], 'shop', /shop cannot be used: ENOTDIR.* Name another folder\.$/],
  ])('refuses %s', async (_, paths, name, expected) => {
    const folder = await folderWith(...paths);
    const before = await readdir(folder, { recursive: true });
    const { code, error } = await run([join(folder, name)]);
    expect(code).toBe(1);
    expect(error).toMatch(expected);
    expect(await readdir(folder, { recursive: true })).toEqual(before);
  });

  it.each(['18.20.0', '20.18.1'])('refuses Node.js %s', async version => {
    const folder = await folderWith();
    const { code, error } = await run([folder], version);
    expect({ code, error }).toEqual({ code: 1, error: expect.stringMatching(/20\.19 or newer/) });
    expect(await readdir(folder)).toEqual([]);
  });

  it('prints its usage', async () => {
    expect(await run(['--help'])).toMatchObject({
      code: 0,
      lines: [expect.stringMatching(/^Usage: npm create walmq/)],
    });
  });
});
