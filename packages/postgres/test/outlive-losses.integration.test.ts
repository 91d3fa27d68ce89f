import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type EmbeddedPostgres, startPostgres } from '@walmq/embedded';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { outliveLosses } from '../src/outlive-losses.js';
import { createPool } from '../src/pool.js';

const FIELDS = [
  'SFATAL',
  'VFATAL',
  'C57P01',
  'Mterminating connection due to unexpected postmaster exit',
  '',
];

/** As PostgreSQL's backend sends it when its postmaster is killed. */
function lastWords(): Buffer {
  const body = Buffer.from(`${FIELDS.join('\0')}\0`);
  const head = Buffer.from('E\0\0\0\0');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** A proxy whose server dies with the answer that holds `text`: its last words come in the same segment. */
async function startDying(port: number, text: string): Promise<number> {
  const proxy = createServer(client => {
    const server = connect(port, '127.0.0.1');
    client.on('error', () => server.destroy()).on('close', () => server.destroy());
    server.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(server);
    server.on('data', bytes => {
      if (bytes.includes(text)) client.end(Buffer.concat([bytes, lastWords()]));
      else client.write(bytes);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.close();
  });
  return (proxy.address() as AddressInfo).port;
}

describe('a server that dies while a pool hands a connection over', () => {
  let postgres: EmbeddedPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  });
  afterAll(() => postgres.stop());

  const through = (port: number) => Object.assign(new URL(postgres.url), { port: String(port) }).href;

  it.each([
    ['of ours', (url: string) => createPool({ url, name: 'dying', max: 1 })],
    [
      "of the application's own",
      (url: string) => {
        const pool = new Pool({ connectionString: url, max: 1 });
        pool.on('error', () => undefined);
        outliveLosses(pool);
        outliveLosses(pool); // several workers share one
        return pool;
      },
    ],
  ])(
    'ends no process with a pool %s: the query rejects, the next one has a new connection',
    async (_, open) => {
      const pool = open(through(await startDying(postgres.port, 'the last')));
      const [answer, tx] = await Promise.all([pool.query("SELECT 'the last' AS row"), pool.connect()]);
      expect(answer.rows).toEqual([{ row: 'the last' }]);
      await expect(tx.query('SELECT 1')).rejects.toThrow();
      tx.release(true);
      expect((await pool.query('SELECT 2 AS n')).rows).toEqual([{ n: 2 }]);
      await pool.end();
    },
  );
});
