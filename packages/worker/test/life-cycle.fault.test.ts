import { eventually, type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KitProcesses } from './kit-process-fixture.js';

const STEPS = [1, 2, 3];

describe('the life of worker processes', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('SIGTERM in the middle of a change: it is finished, and nothing more is taken', async () => {
    await using processes = await KitProcesses.create(servers, 'term_finished');
    await processes.hold(1);
    const [first, second] = await processes.addSteps(1, 2);
    const worker = await processes.start({ WALMQ_SHUTDOWN_MS: '60000', LOG_LEVEL: 'debug' });
    await processes.begins(worker, 1);
    worker.signal('SIGTERM');
    await eventually(() => expect(worker.output()).toContain('process:stopping'));
    const [other] = await processes.addSteps(2, 1);
    await processes.release(1);
    expect(await worker.ended).toBe('exit 0');
    const { world } = processes;
    expect(await world.stateOf('steps', { id: first })).toBe('completed');
    for (const id of [second, other]) expect(await world.stateOf('steps', { id })).toBe('waiting');
    expect(await processes.begun(2)).toEqual([]);
  });

  it('SIGTERM, and no end in time: the change is handed back, no attempt is lost, another takes it', async () => {
    await using processes = await KitProcesses.create(servers, 'term_handed_back');
    await processes.hold(1);
    const [first] = await processes.addSteps(1, STEPS.length);
    const worker = await processes.start({ WALMQ_SHUTDOWN_MS: '3000' });
    await processes.begins(worker, 1);
    expect(await worker.end('SIGTERM')).toBe('exit 0');
    expect(worker.output()).toContain('change:handed-back');
    expect(await processes.world.stateOf('steps', { id: first })).toBe('waiting');
    await processes.release(1);
    await processes.start();
    await processes.completed(STEPS.length);
    expect((await processes.begun(1)).map(({ step, attempt }) => [step, attempt])).toEqual([
      [1, 1],
      ...STEPS.map(step => [step, 1]),
    ]);
    expect(await processes.made(1)).toEqual(STEPS);
  });

  it('SIGKILL in the middle of a change: another takes it over, before its successors', async () => {
    await using processes = await KitProcesses.create(servers, 'killed_taken_over');
    await processes.hold(1);
    await processes.addSteps(1, STEPS.length);
    const worker = await processes.start();
    await processes.begins(worker, 1);
    const other = await processes.start();
    expect(await worker.end('SIGKILL')).toBe('SIGKILL');
    await processes.begins(other, 1);
    await processes.release(1);
    await processes.completed(STEPS.length);
    expect((await processes.begun(1)).map(({ pid, step }) => [pid, step])).toEqual([
      [worker.pid, 1],
      ...STEPS.map(step => [other.pid, step]),
    ]);
    expect(await processes.made(1)).toEqual(STEPS);
  });

  it('from one process to eight and back under load: nothing lost, nothing twice, nothing out of order', async () => {
    await using processes = await KitProcesses.create(servers, 'scaled');
    const ROWS = 40;
    const COUNT = 25;
    const HELD = [21, 22, 23, 24, 25, 26, 27, 28];
    const steps = Array.from({ length: COUNT }, (_, n) => n + 1);
    const { world } = processes;
    const add = async (from: number, to: number) => {
      for (let row = from; row <= to; row++) await processes.addSteps(row, COUNT);
    };
    const first = await processes.start();
    // Held rows keep processes in the middle of a change until all of them have been told to stop.
    for (const row of HELD) await processes.hold(row);
    const starting = Promise.all(Array.from({ length: 7 }, () => processes.start()));
    await add(1, ROWS / 2);
    const more = await starting;
    const adding = add(ROWS / 2 + 1, ROWS);
    await eventually(async () => {
      expect(await world.countOf('steps', 'completed')).toBeGreaterThan((ROWS / 2) * COUNT);
      for (const row of HELD) expect(await processes.begun(row)).not.toEqual([]);
    });
    const stopped = more.map((worker, n) => worker.end(n % 2 === 0 ? 'SIGTERM' : 'SIGKILL'));
    for (const row of HELD) await processes.release(row);
    expect(new Set(await Promise.all(stopped))).toEqual(new Set(['exit 0', 'SIGKILL']));
    await adding;
    await processes.completed(ROWS * COUNT);
    expect(await world.countOf('steps', 'failed')).toBe(0);
    for (let row = 1; row <= ROWS; row++) expect(await processes.made(row)).toEqual(steps);
    const workers = await world.rows<{ pid: number }>('SELECT DISTINCT pid FROM made');
    expect(workers.length).toBeGreaterThan(1);
    expect(await first.end('SIGTERM')).toBe('exit 0');
  });

  it.each(['postgres', 'redis'] as const)('/ready is false while %s is away, and true again', async name => {
    await using processes = await KitProcesses.create(servers, `ready_${name}`);
    const worker = await processes.start();
    const url = await worker.url();
    const ready = async () => {
      const response = await fetch(`${url}/ready`);
      const { reasons } = (await response.json()) as { reasons: Record<string, string> };
      return { status: response.status, unmet: Object.keys(reasons) };
    };
    await eventually(async () => expect(await ready()).toEqual({ status: 200, unmet: [] }));
    await servers[name].kill('SIGKILL');
    await eventually(async () => expect(await ready()).toEqual({ status: 503, unmet: [name] }));
    expect((await fetch(`${url}/live`)).status).toBe(200);
    await servers[name].restart();
    await eventually(async () => expect(await ready()).toEqual({ status: 200, unmet: [] }));
    await processes.addSteps(1, STEPS.length);
    await eventually(async () => expect(await processes.made(1)).toEqual(STEPS));
  });
});
