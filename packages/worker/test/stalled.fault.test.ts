import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AppProcess,
  eventually,
  type Servers,
  startProgram,
  startServers,
  stopServers,
} from '@walmq/testing';
import { FlowProducer, type Job, type JobNode, Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WorkerWorld } from './worker-fixture.js';

const PROGRAM = join(import.meta.dirname, 'stalled-program-fixture.mjs');
const STEPS = [1, 2, 3];

const SCHEMA = `
  CREATE TABLE held (row integer PRIMARY KEY);
  CREATE TABLE let_through (pid integer PRIMARY KEY);
  CREATE TABLE begun (at bigint GENERATED ALWAYS AS IDENTITY, pid integer, row integer, step integer);
  CREATE TABLE made (at bigint GENERATED ALWAYS AS IDENTITY, row integer, step integer);`;

describe('a worker process stopped (SIGSTOP) for longer than its lock, then resumed', () => {
  let servers: Servers;
  let folder: string;
  let processes: AppProcess[];
  beforeAll(async () => {
    servers = await startServers();
    folder = await mkdtemp(join(tmpdir(), 'walmq-stalled-'));
  });
  beforeEach(() => {
    processes = [];
  });
  afterEach(() => Promise.all(processes.map(each => each.end('SIGKILL'))));
  afterAll(() => Promise.all([stopServers(servers), rm(folder, { recursive: true })]));

  it('its change is taken over before its successors, and its late completion is refused', async () => {
    await using world = await createWorld('stall_resumed', 5);
    await using queue = openQueue(world);
    const [first, second] = await addSteps(world, 1);
    await hold(world, 1);
    const old = await start(world);
    await begins(world, old, 1, 1);
    old.signal('SIGSTOP');
    const other = await start(world);
    await begins(world, other, 1, 1);

    await letThrough(world, old);
    old.signal('SIGCONT');
    await eventually(() => expect(old.output()).toMatch(/lock/i));
    await eventually(async () => expect(await madeOf(world, 1)).toEqual([1]));
    // It has made its effect and says so too late: the change is the other one's, and its successor still waits.
    await eventually(() => expect(old.output()).toContain('"event":"change:processed"'));
    expect(await queue.getJobState(idOf(first))).toBe('active');
    expect(await queue.getJobState(idOf(second))).toBe('waiting-children');
    expect(await stepsBegun(world, 1)).toEqual([1]);

    await letThrough(world, other);
    await eventually(async () => expect(await queue.getCompletedCount()).toBe(STEPS.length));
    expect(await stepsBegun(world, 1)).toEqual(STEPS);
    expect(await madeOf(world, 1)).toEqual(STEPS);
    expect(await queue.getFailedCount()).toBe(0);
    for (const each of [old, other]) expect(await each.end('SIGTERM')).toBe('exit 0');
  });

  it('beyond maxStalledCount the change fails and parks its key; other keys flow; retry releases in order', async () => {
    await using world = await createWorld('stall_parked', 1);
    await using queue = openQueue(world);
    const [first, ...later] = await addSteps(world, 1);
    await hold(world, 1);
    const stopped: AppProcess[] = [];
    for (let stall = 0; stall < 2; stall++) {
      const worker = await start(world);
      await begins(world, worker, 1, 1);
      worker.signal('SIGSTOP');
      stopped.push(worker);
    }
    const healthy = await start(world);
    await eventually(async () => expect(await queue.getJobState(idOf(first))).toBe('failed'));
    await eventually(() => expect(healthy.output()).toContain('stalled on a change more than 1 times'));
    await addSteps(world, 2);
    await eventually(async () => expect(await madeOf(world, 2)).toEqual(STEPS));
    const expectParked = async () => {
      expect(await queue.getJobState(idOf(first))).toBe('failed');
      for (const job of later) expect(await queue.getJobState(idOf(job))).toBe('waiting-children');
      expect(await stepsBegun(world, 1)).toEqual([1]);
    };
    await expectParked();

    // Those that were stopped come back and finish: too late to complete it, or to let its successors run.
    for (const worker of stopped) {
      await letThrough(world, worker);
      worker.signal('SIGCONT');
    }
    for (const worker of stopped)
      await eventually(() => expect(worker.output()).toContain('"event":"change:processed"'));
    await expectParked();

    await letThrough(world, healthy);
    await (await queue.getJob(idOf(first)))?.retry('failed');
    await eventually(async () => expect(await queue.getCompletedCount()).toBe(2 * STEPS.length));
    expect(await stepsBegun(world, 1)).toEqual(STEPS);
    expect(await madeOf(world, 1)).toEqual(STEPS);
    for (const each of processes) expect(await each.end('SIGTERM')).toBe('exit 0');
  });

  async function createWorld(name: string, maxStalledCount: number): Promise<WorkerWorld> {
    const queues = { steps: { table: 'steps', concurrency: 4, stalledAfterMs: 1500, maxStalledCount } };
    const config = JSON.stringify({ redis: { prefix: name }, queues });
    await writeFile(join(folder, `${name}.mjs`), `export default ${config};`);
    return await WorkerWorld.create(servers, name, { queues, schema: SCHEMA });
  }

  async function start(world: WorkerWorld): Promise<AppProcess> {
    const started = startProgram(PROGRAM, {
      DATABASE_URL: world.databaseUrl,
      REDIS_URL: servers.redis.url,
      WALMQ_CONFIG: join(folder, `${world.prefix}.mjs`),
    });
    processes.push(started);
    await started.url();
    return started;
  }

  function openQueue(world: WorkerWorld): Queue & AsyncDisposable {
    const queue = new Queue('steps', { connection: world.redis, prefix: world.prefix });
    return Object.assign(queue, { [Symbol.asyncDispose]: () => queue.close() });
  }

  /** The steps of one row, tied together as the enqueue script does it: each waits for the one before it. */
  async function addSteps(world: WorkerWorld, row: number): Promise<Job[]> {
    const flows = new FlowProducer({ connection: world.redis, prefix: world.prefix });
    type Flow = Parameters<FlowProducer['add']>[0];
    const last = STEPS.reduce<Flow | undefined>((before, step) => {
      const change = world.change('insert', 'steps', { after: { row, step } });
      return {
        name: 'insert',
        queueName: 'steps',
        data: change,
        opts: { jobId: change.id },
        ...(before ? { children: [before] } : {}),
      };
    }, undefined);
    const jobs: Job[] = [];
    for (let node: JobNode | undefined = await flows.add(last as Flow); node; node = node.children?.[0])
      jobs.unshift(node.job);
    await flows.close();
    return jobs;
  }

  const idOf = (job: Job | undefined) => job?.id as string;
  const hold = (world: WorkerWorld, row: number) => world.rows('INSERT INTO held VALUES ($1)', [row]);
  const letThrough = (world: WorkerWorld, { pid }: AppProcess) =>
    world.rows('INSERT INTO let_through VALUES ($1)', [pid]);

  async function begins(world: WorkerWorld, { pid }: AppProcess, row: number, step: number): Promise<void> {
    const found = () =>
      world.rows('SELECT FROM begun WHERE pid = $1 AND row = $2 AND step = $3', [pid, row, step]);
    await eventually(async () => expect(await found()).not.toEqual([]));
  }

  /** In the order in which each first began; a repetition after the next one's beginning would show. */
  async function stepsBegun(world: WorkerWorld, row: number): Promise<number[]> {
    const rows = await world.rows<{ step: number }>('SELECT step FROM begun WHERE row = $1 ORDER BY at', [
      row,
    ]);
    return rows.map(({ step }) => step).filter((step, i, all) => step !== all[i - 1]);
  }

  async function madeOf(world: WorkerWorld, row: number): Promise<number[]> {
    const rows = await world.rows<{ step: number }>('SELECT step FROM made WHERE row = $1 ORDER BY at', [
      row,
    ]);
    return rows.map(({ step }) => step);
  }
});
