import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it, vi } from 'vitest';

/** Runs from dist, as the demo does: Node 20 runs no TypeScript. */
const PROGRAM = `
import { startPostgres, startRedis } from '@walmq/embedded';
const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
console.log(JSON.stringify({ pids: [postgres.pid, redis.pid], dataDir: postgres.dataDir }));
setInterval(() => {}, 1000);
`;

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it('ends the servers and removes their data when their owner is killed', async () => {
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  const { pids, dataDir } = JSON.parse(line.toString()) as { pids: number[]; dataDir: string };
  expect(pids.map(isAlive)).toEqual([true, true]);

  owner.kill('SIGKILL');

  await vi.waitFor(
    () => {
      expect(pids.map(isAlive)).toEqual([false, false]);
      expect(existsSync(dataDir)).toBe(false);
    },
    { timeout: 20_000, interval: 50 },
  );
});
