import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openClient } from '../src/open-client.js';

describe('a connection that several share', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  it('runs one query after the other, also behind one that fails, and pg has nothing to warn of', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => warnings.push(message);
    process.on('warning', note);
    onTestFinished(() => {
      process.off('warning', note);
    });
    const { client, close } = await openClient({ url: postgres.url, name: 'shared' });
    const answers = await Promise.allSettled([
      client.query('SELECT pg_sleep(0.1)'),
      client.query('CREATE TEMP TABLE seen (n integer)'),
      client.query('nonsense'),
      client.query('INSERT INTO seen VALUES ($1)', [7]),
      client.query({ text: 'SELECT n FROM seen', rowMode: 'array' }),
    ]);
    expect(answers).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: '42601' } },
      { status: 'fulfilled' },
      { status: 'fulfilled', value: { rows: [[7]] } },
    ]);
    await close();
    // A warning is an event of a later turn.
    await new Promise(resolve => setImmediate(resolve));
    expect(warnings).toEqual([]);
  });

  it('rejects what still waits when it ends', async () => {
    const { client, close } = await openClient({ url: postgres.url, name: 'shared' });
    const waiting = [client.query('SELECT pg_sleep(60)'), client.query('SELECT 1')];
    const answers = Promise.allSettled(waiting);
    await close();
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
