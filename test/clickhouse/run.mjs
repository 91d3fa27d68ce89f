/** `npm run test:clickhouse`: the tests of ClickHouse's sink on ClickHouse's engine, which PyPI has as a library (chdb). */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '../..');
const VENV = join(ROOT, '.cache/chdb');
const PYTHON = join(VENV, 'bin/python');

if (!existsSync(join(VENV, 'installed'))) {
  execFileSync('python3', ['-m', 'venv', VENV], { stdio: 'inherit' });
  execFileSync(PYTHON, ['-m', 'pip', 'install', '--quiet', 'chdb'], { stdio: 'inherit' });
  execFileSync('touch', [join(VENV, 'installed')]);
}
const front = spawn(PYTHON, [join(import.meta.dirname, 'front.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
const [url, version] = await new Promise((resolve, reject) => {
  createInterface({ input: front.stdout }).once('line', line => resolve(line.split(' ')));
  front.once('exit', code => reject(new Error(`The engine ended with ${code}.`)));
});
console.log(`The engine of ClickHouse ${version} answers at ${url}`);
const tests = spawn(
  'npx',
  ['vitest', 'run', '--project', 'integration', 'packages/sinks/test/sinks.integration.test.ts'],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, CLICKHOUSE_TEST_URL: url } },
);
tests.once('exit', code => {
  front.stdin.end();
  process.exitCode = code ?? 1;
});
