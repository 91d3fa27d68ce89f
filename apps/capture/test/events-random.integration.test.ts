import { outbox, outboxSchemaSql, publish } from '@walmq/outbox';
import { type Servers, startServers, stopServers } from '@walmq/testing';
import fc from 'fast-check';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CaptureWorld } from './capture-fixture.js';

const KEYS = 5;
const SESSIONS = 8;
const SCHEMA = `${outboxSchemaSql({ schema: 'public', table: 'outbox' })}
  CREATE TABLE versions (key integer PRIMARY KEY, version integer NOT NULL);
  INSERT INTO versions SELECT key, 0 FROM generate_series(0, ${KEYS - 1}) key`;
const QUEUES = { emails: { messages: true }, payments: { outbox: 'payment' } };

/** What a session does: say something of a key, or a part that is released or rolled back. */
type Step = { readonly key: number } | Part;
interface Part {
  readonly steps: readonly Step[];
  readonly kept: boolean;
}

const { part } = fc.letrec<{ step: Step; part: Part }>(tie => ({
  step: fc.oneof({ maxDepth: 3 }, fc.record({ key: fc.nat(KEYS - 1) }), tie('part')),
  part: fc.record({ steps: fc.array(tie('step'), { maxLength: 4 }), kept: fc.boolean() }),
}));
const sessions = fc.array(fc.array(part, { minLength: 10, maxLength: 10 }), {
  minLength: SESSIONS,
  maxLength: SESSIONS,
});

describe('events of sessions that publish and roll back at random', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers();
  });
  afterAll(() => stopServers(servers));

  /** The database is the model: a version goes up with each event, and comes back with each that is taken back. */
  async function say(client: Client, key: number): Promise<void> {
    const { rows } = await client.query<{ version: number }>(
      'UPDATE versions SET version = version + 1 WHERE key = $1 RETURNING version',
      [key],
    );
    const payload = rows[0]?.version as number;
    await publish(client, 'emails', { type: 'said', key, payload });
    await outbox(client).publish({ aggregateType: 'payment', aggregateId: key, type: 'said', payload });
  }

  async function run(client: Client, { steps }: Part): Promise<void> {
    for (const step of steps)
      if ('key' in step) await say(client, step.key);
      else {
        await client.query('SAVEPOINT part');
        await run(client, step);
        await client.query(step.kept ? 'RELEASE part' : 'ROLLBACK TO part; RELEASE part');
      }
  }

  /** Sessions lock each other's keys in any order: one of two is a victim now and then, and has said nothing. */
  async function runSession(databaseUrl: string, transactions: readonly Part[]): Promise<void> {
    const client = new Client(databaseUrl);
    await client.connect();
    await client.query("SET deadlock_timeout = '20ms'");
    for (const transaction of transactions) {
      await client.query('BEGIN');
      try {
        await run(client, transaction);
        await client.query(transaction.kept ? 'COMMIT' : 'ROLLBACK');
      } catch (error) {
        expect(error).toMatchObject({ code: '40P01' });
        await client.query('ROLLBACK');
      }
    }
    await client.end();
  }

  it('are exactly those that were committed, once, in the order of their commits for each key', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(sessions, async transactions => {
        runs += 1;
        const schema = { schema: SCHEMA, queues: QUEUES };
        await using world = await CaptureWorld.create(servers, `events_random_${runs}`, schema);
        const capture = world.capture();
        await Promise.all(transactions.map(each => runSession(world.databaseUrl, each)));
        const { rows } = await world.client.query<{ version: number }>(
          'SELECT version FROM versions ORDER BY key',
        );
        const versions = rows.map(({ version }) => version);
        await world.waitUntilAcknowledged();
        await capture.stop();
        for (const queue of ['emails', 'payments']) {
          const arrived: number[][] = versions.map(() => []);
          for (const { after } of await world.changes(queue)) {
            const { key, aggregate_id, payload } = after as Record<string, unknown>;
            arrived[Number(key ?? aggregate_id)]?.push(payload as number);
          }
          expect(arrived).toEqual(versions.map(count => Array.from({ length: count }, (_, n) => n + 1)));
          // Nobody works here: of each key the first is ready, and all others wait behind it.
          const waiting = await world.redis.llen(`${world.config.redis.prefix}:${queue}:wait`);
          expect(waiting).toBe(versions.filter(count => count > 0).length);
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
    expect(runs).toBe(5);
  }, 120_000);
});
