import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** A loader hook for `node --import`: resolves the package as Node.js does where it is not installed. */
function without(name: string): string {
  const hooks = `
    export function resolve(specifier, context, next) {
      return specifier === '${name}' ? next('not-installed-' + specifier.slice(1), context) : next(specifier, context);
    }`;
  const url = `data:text/javascript,${encodeURIComponent(hooks)}`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(url)});`;
  return `data:text/javascript,${encodeURIComponent(register)}`;
}

/** The fixture's process where the SDK of OpenTelemetry is not installed. */
function run(env: Record<string, string>) {
  const program = join(import.meta.dirname, 'program-fixture.mjs');
  const args = ['--import', without('@opentelemetry/sdk-trace-node'), program];
  return spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: 'postgres://localhost/shop',
      REDIS_URL: 'redis://localhost:6379',
      WALMQ_PORT: '0',
      ...env,
    },
  });
}

it('a process with WALMQ_TRACING=on stops with the command that installs what tracing needs', () => {
  const { status, stderr } = run({ WALMQ_TRACING: 'on' });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^TRACING_NOT_INSTALLED: .*Run "npm install .*@opentelemetry\/sdk-trace-node bullmq-otel", or set WALMQ_TRACING=off\.$/m,
  );
});

it('a process without tracing needs none of it', () => {
  const { status, stdout } = run({ WALMQ_TEST: 'fail' });
  // The fixture fails by itself, after it has started.
  expect(stdout).toContain('broken: postgres://u:***@h/d');
  expect(status).toBe(1);
});
