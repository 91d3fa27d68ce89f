import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const PROGRAM = join(import.meta.dirname, '..', 'bin', 'demo.js');
const TIMEOUT_MS = 120_000;

let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'walmq-test-'));
  // The servers' account has to get to its data in there.
  await chmod(temporary, 0o755);
});

afterEach(async () => {
  await rm(temporary, { recursive: true });
});

interface Demo {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly exitCode: Promise<number | null>;
}

/** Runs the demo as built, on servers of its own, all its temporary files in one place. */
function run(...args: string[]): Demo {
  const { DATABASE_URL, REDIS_URL, SMTP_URL, ...env } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: { ...env, TMPDIR: temporary } });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const exitCode = once(child, 'close').then(([code]) => code as number | null);
  return { child, said: () => said, exitCode };
}

/** Servers' folders go with their servers, and with the watchdogs that would have ended them. */
const leftovers = async () =>
  (await readdir(temporary)).filter(name => /^walmq-(postgres|redis)-/.test(name));

describe('the demo', () => {
  it(
    'plays the scenario, finds every effect, and leaves nothing behind',
    async () => {
      const { said, exitCode } = run('--once');
      expect(await exitCode, said()).toBe(0);
      for (const line of [
        '✅ Processed UPDATE on orders: {"action":"status_change","order_id":1,"old_status":"pending","new_status":"paid"}',
        '✅ Processed UPDATE on inventory: {"action":"inventory_updated","product_id":1,"old_stock":98,"new_stock":3,"low_stock_alert":true}',
        '"back_orders_filled":[{"item_id":4,"order_id":4,"quantity":8}]',
        '20 of 20 expected effects are there.',
        '4 × Order … confirmed',
        '│ - 2 x Blue mug: 49.99 each, 99.98 in all',
      ])
        expect(said()).toContain(line);
      expect(await leftovers()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'goes on until Ctrl+C, which ends it in order',
    async () => {
      const { child, said, exitCode } = run();
      await vi.waitFor(() => expect(said()).toContain('Running until Ctrl+C'), TIMEOUT_MS);
      const pageOf = async (link: string) => {
        const url = new RegExp(`^${link} +(\\S+)`, 'm').exec(said())?.[1] ?? '';
        return await (await fetch(url)).text();
      };
      expect(await pageOf('Pipeline')).toContain('id="failures"');
      expect(await pageOf('Bull Board')).toContain('<title>walmq');
      const dashboard = /Pipeline +(\S+)/.exec(said())?.[1] ?? '';
      child.kill('SIGINT');
      expect(await exitCode, said()).toBe(0);
      await expect(fetch(dashboard)).rejects.toThrow();
      expect(await leftovers()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it('refuses what it does not know in one sentence', async () => {
    const { said, exitCode } = run('--twice');
    expect(await exitCode).toBe(1);
    expect(said()).toBe('DEMO_ARGUMENTS: npm start does not know --twice. It takes --once and --help.\n');
  });
});
