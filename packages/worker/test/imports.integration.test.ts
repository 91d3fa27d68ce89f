import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** Names of the npm packages that a process has loaded after it imported the module. */
async function loadedPackages(module: string): Promise<readonly string[]> {
  const program = join(import.meta.dirname, 'loaded-packages-fixture.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, module]);
  return JSON.parse(stdout) as string[];
}

it('a program that imports the kit loads no web server, no OpenTelemetry SDK and nothing of the shop', async () => {
  const loaded = await loadedPackages('@walmq/worker');
  expect(loaded).toEqual(expect.arrayContaining(['@walmq/worker', 'bullmq', 'ioredis', 'pg', 'zod']));
  // prom-client imports OpenTelemetry's API, which does nothing without an SDK.
  expect(loaded.filter(name => name.startsWith('@opentelemetry/'))).toEqual(['@opentelemetry/api']);
  expect(loaded).not.toContain('fastify');
  expect(loaded).not.toContain('bullmq-otel');
  expect(loaded).not.toContain('nodemailer');
});

it('the command line loads the dashboard, capture and the ready workers only when it runs them', async () => {
  const program = join(import.meta.dirname, '../../../apps/cli/dist/run-command.js');
  const loaded = await loadedPackages(program);
  expect(loaded).toEqual(expect.arrayContaining(['@walmq/cli', 'commander', 'pg']));
  expect(loaded).not.toContain('fastify');
  expect(loaded.filter(name => name.startsWith('@bull-board/'))).toEqual([]);
  for (const app of ['capture', 'dashboard', 'audit-worker', 'change-log-worker', 'webhook-worker'])
    expect(loaded).not.toContain(`@walmq/${app}`);
});
