import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startProgram } from '@walmq/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BigqueryModule } from '../../packages/sinks/src/analytics/bigquery/client.js';
import {
  type BigquerySinkOptions,
  openBigquerySink,
} from '../../packages/sinks/src/analytics/bigquery/sink.js';
import type { PositionedFact } from '../../packages/sinks/src/analytics/fact.js';
import { BigqueryStandIn } from './bigquery-stand-in-fixture.js';

const INSERT = '/bigquery/v2/projects/shop/datasets/analytics/tables/order_facts/insertAll';

const fact = (
  id: number,
  lsn = 16,
  values: PositionedFact['values'] = { total: '9.90' },
): PositionedFact => ({
  table: 'order_facts',
  key: { id },
  values,
  position: `${lsn.toString(16).toUpperCase().padStart(16, '0')}-0000000001`,
});

const told = (error: unknown) => {
  const { code, message } = error as { code: string; message: string };
  return `${code}: ${message}`;
};

/** The real client, which this folder installs, on a stand-in for its server. */
describe("BigQuery's sink, on bigquery-stand-in", () => {
  const load = async () => (await import('@google-cloud/bigquery' as string)) as BigqueryModule;
  let standIn: BigqueryStandIn;
  let apiEndpoint: string;
  beforeAll(() => {
    if (!existsSync(join(import.meta.dirname, 'node_modules')))
      execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'pipe' });
    // Without a key, Google's library would look for a server of Google's cloud.
    process.env.METADATA_SERVER_DETECTION = 'none';
  }, 300_000);
  beforeEach(async () => {
    standIn = new BigqueryStandIn();
    apiEndpoint = await standIn.start();
  });
  afterEach(() => standIn.stop());

  const open = (options: Partial<BigquerySinkOptions> = {}) =>
    openBigquerySink({ projectId: 'shop', dataset: 'analytics', apiEndpoint, ...options }, load);
  const write = async (facts: readonly PositionedFact[], options: Partial<BigquerySinkOptions> = {}) =>
    (await open(options)).write(facts, {
      idempotencyKey: 'abc',
      signal: new AbortController().signal,
    });
  const failureOf = (facts: readonly PositionedFact[], options: Partial<BigquerySinkOptions> = {}) =>
    write(facts, options).then(
      () => expect.fail('it was written'),
      (error: unknown) => error,
    );

  it('sends the newest fact of each key, with its position and an insertId', async () => {
    await write([fact(1), fact(1, 17, { total: '{{projectId}}' }), fact(2, 18, null)]);
    expect(standIn.seen).toEqual([
      {
        method: 'POST',
        path: INSERT,
        authorization: undefined,
        body: {
          rows: [
            {
              insertId: expect.stringMatching(/^0000000000000011-0000000001-[\w-]{22}$/),
              json: {
                id: 1,
                total: '{{projectId}}',
                walmq_position: '0000000000000011-0000000001',
                walmq_deleted: false,
              },
            },
            {
              insertId: expect.stringMatching(/^0000000000000012-0000000001-[\w-]{22}$/),
              json: { id: 2, walmq_position: '0000000000000012-0000000001', walmq_deleted: true },
            },
          ],
        },
      },
    ]);
  });

  it('creates tables and views by one query', async () => {
    await open({
      location: 'EU',
      tables: { order_facts: { key: { id: 'INT64' }, columns: { total: 'NUMERIC' } } },
    });
    expect(standIn.seen).toMatchObject([
      {
        method: 'POST',
        path: '/bigquery/v2/projects/shop/queries',
        body: {
          useLegacySql: false,
          location: 'EU',
          query: expect.stringMatching(
            /^CREATE SCHEMA IF NOT EXISTS `analytics` .*\nCREATE TABLE .*\nCREATE VIEW/,
          ),
        },
      },
    ]);
  });

  it('writes a row once when the answer is lost, and shows the last position', async () => {
    let answer = () => {};
    standIn.written = new Promise(resolve => {
      answer = resolve;
    });
    expect(await failureOf([fact(1)], { requestTimeoutMs: 300 })).toMatchObject({ code: 'SINK_UNREACHABLE' });
    answer();
    standIn.written = Promise.resolve();
    await write([fact(1)]);
    // Late, and older.
    await write([fact(1, 15, { total: '1.00' })]);
    expect(standIn.rows.get('analytics.order_facts')).toHaveLength(2);
    expect(standIn.newest('analytics.order_facts', 'id')).toMatchObject([{ total: '9.90' }]);
  });

  it('writes each row once when a process is killed before the answer', async () => {
    let answer = () => {};
    standIn.written = new Promise(resolve => {
      answer = resolve;
    });
    const facts = Array.from({ length: 1200 }, (_, id) => fact(id));
    const program = startProgram(
      join(import.meta.dirname, 'writer-fixture.mjs'),
      { METADATA_SERVER_DETECTION: 'none' },
      [apiEndpoint, JSON.stringify(facts)],
    );
    await eventually(() => expect(standIn.rows.get('analytics.order_facts')).toHaveLength(500));
    expect(await program.end('SIGKILL')).toBe('SIGKILL');
    answer();
    standIn.written = Promise.resolve();
    await write(facts);
    expect(new Set(standIn.rows.get('analytics.order_facts')?.map(row => row.id)).size).toBe(1200);
    expect(standIn.rows.get('analytics.order_facts')).toHaveLength(1200);
    const sizes = standIn.seen.map(({ body }) => (body as { rows: unknown[] }).rows.length);
    expect(sizes).toEqual([500, 500, 500, 200]);
  });

  it('keeps each request below the limit of 10 MB', async () => {
    await write([1, 2, 3].map(id => fact(id, 16, { text: 'x'.repeat(4_000_000) })));
    expect(standIn.seen.map(({ body }) => (body as { rows: unknown[] }).rows.length)).toEqual([2, 1]);
  });

  const refused = (...reasons: (string | undefined)[]) => ({
    status: 200,
    body: {
      insertErrors: reasons.flatMap((reason, index) =>
        reason === undefined
          ? []
          : [{ index, errors: [{ reason, location: 'total', message: "near 'a@example.com'" }] }],
      ),
    },
  });

  it('sends those rows again that BigQuery could not write just now', async () => {
    standIn.answers.push(refused(undefined, 'timeout', 'backendError'));
    await write([fact(1), fact(2), fact(3)]);
    expect(
      standIn.seen.map(({ body }) =>
        (body as { rows: { json: { id: number } }[] }).rows.map(row => row.json.id),
      ),
    ).toEqual([
      [1, 2, 3],
      [2, 3],
    ]);
    standIn.answers.push(refused('timeout'), refused('timeout'), refused('timeout'));
    expect(told(await failureOf([fact(4), fact(5)]))).toContain(
      'SINK_FAILED: BigQuery did not take 1 of 2 facts for order_facts.',
    );
  });

  it('gives up the change whose value does not fit, and names its column alone', async () => {
    standIn.answers.push(refused('stopped', 'invalid', 'stopped'));
    const error = await failureOf([fact(1), fact(2, 99), fact(3)]);
    expect(error).toMatchObject({ code: 'HANDLER_GAVE_UP', changeId: fact(2, 99).position });
    expect(String(error)).toContain('in the column total is invalid');
    expect(String(error)).not.toContain('example.com');
  });

  it.each([
    [429, 'rateLimitExceeded', { 'retry-after': '7' }, { code: 'HANDLER_POSTPONED', retryAfterMs: 7000 }],
    [503, 'backendError', { 'retry-after': '3' }, { code: 'HANDLER_POSTPONED', retryAfterMs: 3000 }],
    [403, 'quotaExceeded', {}, { code: 'HANDLER_POSTPONED' }],
    [403, 'accessDenied', {}, { code: 'SINK_CREDENTIALS' }],
    [404, 'notFound', {}, { code: 'SINK_FAILED' }],
    [400, 'invalid', {}, { code: 'HANDLER_GAVE_UP' }],
    [500, 'internalError', {}, { code: 'SINK_FAILED' }],
  ])('asks once, and rejects by a code: %i %s', async (status, reason, headers, expected) => {
    const message = "near 'a@example.com'";
    standIn.answers.push({
      status,
      headers,
      body: { error: { code: status, message, errors: [{ reason, message }] } },
    });
    const error = await failureOf([fact(1)]);
    expect(error).toMatchObject(expected);
    expect(String(error)).not.toContain('example.com');
    expect(standIn.seen).toHaveLength(1);
  });

  it('rejects when nobody is there, and when the time of the change is over', async () => {
    const sink = await open();
    const over = new AbortController();
    over.abort(new Error('over'));
    const options = { idempotencyKey: 'abc', signal: over.signal };
    await expect(sink.write([fact(1)], options)).rejects.toThrow('over');
    expect(told(await failureOf([fact(1)], { apiEndpoint: 'http://127.0.0.1:9' }))).toContain(
      'SINK_UNREACHABLE: BigQuery cannot be reached: ECONNREFUSED.',
    );
  });

  describe('with credentials', () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'walmq-bigquery-'));
    });
    afterEach(() => rm(folder, { recursive: true }));

    /** Of a workload identity: the only kind whose file names the server that gives the token. */
    const keyFile = async () => {
      const keyFilename = join(folder, 'key.json');
      await writeFile(join(folder, 'token'), 'of-the-platform');
      await writeFile(
        keyFilename,
        JSON.stringify({
          type: 'external_account',
          audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          token_url: `${apiEndpoint}/token`,
          credential_source: { file: join(folder, 'token') },
        }),
      );
      return keyFilename;
    };

    it('sends the token that they give', async () => {
      await write([fact(1)], { keyFilename: await keyFile() });
      expect(standIn.seen.map(({ path }) => path)).toEqual(['/token', INSERT]);
      expect(standIn.seen[1]?.authorization).toBe('Bearer of-the-stand-in');
    });

    it('says at the start what is wrong with them', async () => {
      const at = (keyFilename: string) =>
        failureOf([fact(1)], { keyFilename, apiEndpoint: undefined as never });
      expect(told(await at(join(folder, 'none.json')))).toContain(
        'SINK_CREDENTIALS: the file with the credentials does not exist.',
      );
      await writeFile(join(folder, 'bad.json'), '{');
      expect(told(await at(join(folder, 'bad.json')))).toContain(
        'SINK_CREDENTIALS: the credentials for BigQuery are missing or cannot be read.',
      );
      standIn.answers.push({ status: 400, body: { error: 'invalid_grant' } });
      expect(told(await at(await keyFile()))).toContain(
        'SINK_CREDENTIALS: Google refused the credentials: invalid_grant.',
      );
    });
  });
});
