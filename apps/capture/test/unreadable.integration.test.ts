import { type Servers, startServers, stopServers } from '@walmq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';
import { CaptureProcess, runWalmq } from './capture-process-fixture.js';

/** A byte that WIN1252 lets in, and that has no character in UTF8: the server cannot send it. */
const POISON = `convert_from('\\x81', 'WIN1252')`;

describe('a change that PostgreSQL cannot send', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  it('blocks what is behind it loudly, is named, and can be given up by a recorded decision', async () => {
    await using world = await CaptureWorld.create(servers, 'unreadable', {
      encoding: 'WIN1252',
      schema: `CREATE TABLE docs (id int PRIMARY KEY, body text); CREATE TABLE notes (id int PRIMARY KEY);
               ALTER TABLE docs REPLICA IDENTITY FULL`,
      queues: { docs: { table: 'docs' }, notes: { table: 'notes' } },
    });
    const { client } = world;
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { slot: 'unreadable' },
        redis: { prefix: 'unreadable' },
        queues: { docs: { table: 'docs' }, notes: { table: 'notes' } },
      },
    };
    const walmq = (...args: string[]) => runWalmq(args, setting);
    const capture = await CaptureProcess.start(setting);
    await client.query(`INSERT INTO docs VALUES (1, 'fine')`);
    await world.waitForChanges('docs', 1);
    await client.query('BEGIN');
    await client.query(`INSERT INTO docs VALUES (2, 'before it, in the same transaction')`);
    const { rows } = await client.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
    await client.query(`INSERT INTO docs VALUES (3, ${POISON}), (4, 'behind it')`);
    await client.query('COMMIT');
    await client.query('INSERT INTO notes VALUES (5)');
    const xid = rows[0]?.xid as string;

    const refusals = () =>
      capture.output
        .split('\n')
        .filter(line => line.includes('"code":"CHANGE_UNREADABLE"'))
        .map(
          line => JSON.parse(line) as { retryInMs: number; xid: number; commitLsn: string; table: string },
        );
    await expect.poll(() => refusals().length, { timeout: 40_000 }).toBeGreaterThan(4);
    const waits = refusals().map(({ retryInMs }) => retryInMs);
    // What came before it in its transaction was enqueued by the first try; from then on nothing is.
    for (const [index, wait] of waits.slice(2).entries()) expect(wait).toBe(2 * (waits[index + 1] as number));
    expect(refusals()[0]).toMatchObject({ xid: Number(xid), table: 'public.docs' });
    const { commitLsn } = refusals()[0] as { commitLsn: string };
    // Each try holds the slot for a moment, and is not announced as streaming.
    expect(capture.output.match(/stream:started/g)?.length).toBeLessThanOrEqual(2);
    const ready = await capture.ask('ready');
    expect(ready).toContain(`the transaction that commits at ${commitLsn} (xid ${xid}`);
    expect(await capture.metric('walmq_capture_streaming')).toBe(0);
    const status = JSON.parse(await walmq('status', '--json').catch(failedOutput)) as {
      verdicts: { code: string; sentence: string }[];
    };
    expect(status.verdicts).toContainEqual(
      expect.objectContaining({ code: 'CHANGE_UNREADABLE', sentence: expect.stringContaining(commitLsn) }),
    );
    expect(await walmq('doctor').catch(failedOutput)).toContain(`commits at ${commitLsn}`);
    expect(await world.changes('notes')).toEqual([]);

    expect(await capture.end('SIGTERM')).toBe(0);
    const dryRun = await walmq('skip', '--dry-run');
    expect(dryRun).toContain(
      `the transaction that commits at ${commitLsn}: character with byte sequence 0x81`,
    );
    expect(dryRun).toContain(`every change of transaction ${xid} (3 of public.docs)`);
    expect(dryRun).toContain('npx walmq backfill --queue docs --table public.docs');
    expect(dryRun).not.toContain('--queue notes');
    await expect(walmq('skip', '--at', '0/1', '--yes')).rejects.toThrow(/SKIP_ANOTHER/);
    await walmq('skip', '--at', commitLsn, '--yes');

    const goesOn = await CaptureProcess.start(setting);
    await world.waitForChanges('notes', 1);
    await client.query(`INSERT INTO docs VALUES (6, 'goes on')`);
    const docs = await world.waitForChanges('docs', 3);
    expect(docs.map(({ after }) => after?.id)).toEqual([1, 2, 6]);
    await expect.poll(() => goesOn.metric('walmq_capture_streaming')).toBe(1);
    const skipped = await client.query('SELECT xid::int, commit_lsn, tables, reason FROM walmq.skipped');
    expect(skipped.rows).toEqual([
      {
        xid: Number(xid),
        commit_lsn: commitLsn,
        tables: ['public.docs'],
        reason: expect.stringContaining('0x81'),
      },
    ]);
    expect(await walmq('doctor').catch(failedOutput)).toContain('1 transaction(s) given up');
    expect(await goesOn.end('SIGTERM')).toBe(0);
    expect(await walmq('skip', '--dry-run')).toContain('Nothing to skip');
  });

  it('is given up only once all before it is enqueued', async () => {
    await using world = await CaptureWorld.create(servers, 'unreadable_early', {
      encoding: 'WIN1252',
      schema: 'CREATE TABLE docs (id int PRIMARY KEY, body text)',
      queues: { docs: { table: 'docs' } },
    });
    const setting = {
      databaseUrl: world.databaseUrl,
      redisUrl: servers.redis.url,
      config: {
        source: { slot: 'unreadable_early' },
        redis: { prefix: 'unreadable_early' },
        queues: { docs: { table: 'docs' } },
      },
    };
    const skip = () => runWalmq(['skip', '--yes'], setting);
    await world.client.query(`INSERT INTO docs VALUES (1, 'one')`);
    const first = world.capture();
    await world.waitForChanges('docs', 1);
    await first.stop();
    await world.client.query(`INSERT INTO docs VALUES (2, 'two')`);
    await world.client.query(`INSERT INTO docs VALUES (3, ${POISON})`);
    await world.client.query(`INSERT INTO docs VALUES (4, ${POISON})`);
    await expect(skip()).rejects.toThrow(/NOT_ENQUEUED_YET: 1 transaction/);
    await expect(world.capture().ended).rejects.toMatchObject({ code: 'CHANGE_UNREADABLE' });
    await world.waitForChanges('docs', 2);
    // One at a time.
    await expect(runWalmq(['skip'], setting)).rejects.toThrow(/NOT_CONFIRMED/);
    await skip();
    await expect(world.capture().ended).rejects.toMatchObject({ code: 'CHANGE_UNREADABLE' });
    await skip();
    await world.client.query(`INSERT INTO docs VALUES (5, 'five')`);
    const last = world.capture();
    expect((await world.waitForChanges('docs', 3)).map(({ after }) => after?.id)).toEqual([1, 2, 5]);
    await last.stop();
    expect((await world.client.query('SELECT FROM walmq.skipped')).rowCount).toBe(2);
  });
});

function failedOutput(error: unknown): string {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  return stdout + stderr;
}
