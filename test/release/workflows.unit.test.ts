import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly uses?: string;
  readonly needs?: readonly string[];
  readonly 'timeout-minutes'?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly node: readonly number[] } };
  readonly steps?: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, { readonly tags?: readonly string[] } | null>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');
const NAMES = readdirSync(FOLDER);
const { scripts, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

describe.each(NAMES)('the workflow %s', name => {
  const { permissions, jobs } = read(name);
  const own = Object.values(jobs).filter(({ uses }) => uses === undefined);
  const steps = own.flatMap(job => job.steps ?? []);

  it('may only read, apart from the job that publishes', () => {
    expect(permissions).toEqual({ contents: 'read' });
    const granted = Object.entries(jobs).filter(([, job]) => job.permissions !== undefined);
    expect(granted.map(([id, job]) => [id, job.permissions])).toEqual(
      name === 'publish.yml' ? [['publish', { 'id-token': 'write' }]] : [],
    );
  });

  it('uses actions by their commit', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter(action => !/^actions\/[a-z-]+@[0-9a-f]{40}$/.test(action))).toEqual([]);
    // The version stands beside it, for people and for tools that update it.
    const lines = readFileSync(join(FOLDER, name), 'utf8').match(/uses: actions\/.*/g) ?? [];
    expect(lines.filter(line => !/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it('keeps no credentials in the checkout, and has no secrets', () => {
    for (const { uses, with: inputs } of steps)
      if (uses?.startsWith('actions/checkout@')) expect(inputs?.['persist-credentials']).toBe(false);
    expect(readFileSync(join(FOLDER, name), 'utf8')).not.toMatch(/secrets\.|pull_request_target/);
  });

  it('puts no value from outside into a command', () => {
    expect(steps.filter(({ run }) => run?.includes('${{'))).toEqual([]);
  });

  it('ends by itself, and runs scripts that there are', () => {
    for (const job of own) expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    const called = steps.flatMap(({ run }) => [...(run ?? '').matchAll(/npm run ([\w:-]+)/g)]);
    expect(called.filter(([, script = '']) => scripts[script] === undefined)).toEqual([]);
  });
});

describe('the workflow ci.yml', () => {
  it('tests every supported Node.js, from the oldest', () => {
    const { jobs } = read('ci.yml');
    expect(jobs.test?.strategy?.matrix.node).toEqual([20, 22, 24]);
    expect(engines.node).toMatch(/^>=20\./);
    expect(jobs.test?.steps?.map(({ run }) => run)).toEqual(expect.arrayContaining(['npm ci', 'npm test']));
  });
});

describe('the workflow publish.yml', () => {
  const { on, jobs } = read('publish.yml');

  it('runs for the tags of releases alone', () => {
    expect(on).toEqual({ push: { tags: ['v[0-9]+.[0-9]+.[0-9]+'] } });
  });

  it('publishes what was tested and packed', () => {
    expect(jobs.test?.uses).toBe('./.github/workflows/ci.yml');
    expect(read('ci.yml').on).toHaveProperty('workflow_call');
    expect(jobs.publish?.needs).toEqual(['test', 'pack']);
    expect(jobs.pack?.steps?.map(({ run }) => run)).toEqual(
      expect.arrayContaining(['npm ci', 'npm run pack']),
    );
  });

  it('asks for an identity only where no code of a dependency runs', () => {
    const { steps = [] } = jobs.publish as Job;
    expect(steps.filter(({ uses }) => uses?.startsWith('actions/checkout'))).toEqual([]);
    const commands = steps.map(({ run }) => run ?? '').join('\n');
    expect(commands).not.toMatch(/npm (ci|install|run)|npx/);
    expect(commands).toContain('npm publish "$tarball" --provenance --access public');
    // Without the ./ npm takes packages/x.tgz for the name of a repository.
    expect(commands).toContain('for tarball in ./packages/*.tgz');
  });
});

function read(name: string): Workflow {
  return parse(readFileSync(join(FOLDER, name), 'utf8'));
}
