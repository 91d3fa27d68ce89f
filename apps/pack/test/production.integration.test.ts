import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { figuresOf, installedIn } from './installed-fixture.js';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = join(ROOT, 'docs/reference/packages.md');

const { services } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, { build?: string; command?: string[] }>;
};
const commands = Object.entries(services).flatMap(([name, { build, command = [] }]) =>
  build === undefined ? [] : [[name, command] as const],
);

describe('the image that compose builds', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'walmq-production-'));
    execFileSync(process.execPath, [join(ROOT, 'apps/pack/bin/production.js'), folder], { stdio: 'pipe' });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('holds no tests, no compiler and no embedded servers, and is as small as the page says', () => {
    const { packages, megabytes } = installedIn(folder);
    expect(packages.filter(name => /embedded|^typescript@|vitest|esbuild/.test(name))).toEqual([]);
    const ours = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      path => !path.includes('node_modules'),
    );
    expect(
      ours.filter(path => /\.test\.|-fixture|\.map$|\/test\/|(apps|packages)\/.*\.ts$/.test(path)),
    ).toEqual([]);
    expect(megabytes).toBeLessThanOrEqual(figuresOf(PAGE, "the repository's own image").megabytes * 1.15);
  });

  it.each(commands)('has the program of %s, complete', (_name, [, program, ...args]) => {
    const { stderr, status } = spawnSync(process.execPath, [program as string, ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    // It has loaded everything, and misses only its environment.
    expect(stderr).toMatch(/^[A-Z_]+: .*(?:DATABASE_URL|REDIS_URL) is not set/);
    expect(status).toBe(1);
  });
});
