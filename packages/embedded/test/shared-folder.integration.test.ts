import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fillOnce, sharedTemporaryFolder } from '../src/server/shared-folder.js';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'walmq-test-'));
});

afterEach(async () => {
  await rm(parent, { recursive: true });
});

describe('the shared temporary folder', () => {
  it('is the same one for every run', async () => {
    const first = await sharedTemporaryFolder(parent);
    expect(await sharedTemporaryFolder(parent)).toBe(first);
    expect((await stat(first)).mode & 0o777).toBe(0o755);
  });

  it('is not one that others may write', async () => {
    const usual = await sharedTemporaryFolder(parent);
    await chmod(usual, 0o777);
    expect(await sharedTemporaryFolder(parent)).not.toBe(usual);
  });

  it('is not one that a link leads to', async () => {
    const usual = await sharedTemporaryFolder(parent);
    await rm(usual, { recursive: true });
    await mkdir(join(parent, 'elsewhere'));
    await symlink(join(parent, 'elsewhere'), usual);
    expect(await sharedTemporaryFolder(parent)).not.toBe(usual);
  });
});

describe('filling a folder once', () => {
  it('lets runs side by side agree on one whole result', async () => {
    const fillWith = (text: string) =>
      fillOnce({ folder: parent, name: 'made', fill: staging => writeFile(join(staging, 'text'), text) });
    const targets = await Promise.all(['a', 'b', 'c'].map(fillWith));
    expect(new Set(targets)).toEqual(new Set([join(parent, 'made')]));
    expect(['a', 'b', 'c']).toContain(await readFile(join(parent, 'made', 'text'), 'utf8'));
    expect(await readdir(parent)).toEqual(['made']);
  });

  it('leaves nothing when filling fails', async () => {
    const failing = fillOnce({
      folder: parent,
      name: 'made',
      fill: () => Promise.reject(new Error('no space')),
    });
    await expect(failing).rejects.toThrow('no space');
    expect(await readdir(parent)).toEqual([]);
  });
});
