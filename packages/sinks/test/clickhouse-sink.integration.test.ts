import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClickhouseSink } from '../src/analytics/clickhouse-sink.js';
import type { AnalyticsSink } from '../src/analytics/sink.js';
import { ClickhouseStandIn } from './clickhouse-stand-in-fixture.js';

const FACT = {
  table: 'facts',
  key: { id: '9007199254740993' },
  values: { total: '9.90' },
  position: '0000000000000010-0000000001',
};

describe("ClickHouse's sink", () => {
  let standIn: ClickhouseStandIn;
  let url: string;
  let sink: AnalyticsSink;
  beforeEach(async () => {
    standIn = new ClickhouseStandIn();
    url = await standIn.start();
    sink = await createClickhouseSink({
      url: url.replace('//', '//walmq:pass%20word@'),
      requestTimeoutMs: 2000,
    });
    const body =
      'CREATE TABLE facts (id Int64, total Decimal(12,2), walmq_position UInt128, walmq_deleted UInt8) ENGINE = ReplacingMergeTree(walmq_position, walmq_deleted) ORDER BY id';
    await fetch(url, { method: 'POST', body });
  });
  afterEach(async () => {
    await sink.close();
    await standIn.stop();
  });

  const write = (signal = new AbortController().signal) =>
    sink.write([FACT], { idempotencyKey: 'abc', signal });

  it('lets the server gather the rows, waits until they are written, and names the repetition', async () => {
    await write();
    const [{ settings, authorization }] = standIn.inserts as [(typeof standIn.inserts)[number]];
    expect(Object.fromEntries(settings)).toMatchObject({
      async_insert: '1',
      wait_for_async_insert: '1',
      insert_deduplication_token: 'abc',
      date_time_input_format: 'best_effort',
      input_format_skip_unknown_fields: '0',
      input_format_null_as_default: '0',
    });
    expect(authorization).toBe(`Basic ${Buffer.from('walmq:pass word').toString('base64')}`);
    const rows = await fetch(url, {
      method: 'POST',
      body: 'SELECT id, total, walmq_position FROM facts ORDER BY id',
    });
    expect(await rows.json()).toEqual({ ...FACT.key, ...FACT.values, walmq_position: '17592186044417' });
  });

  it('sends all that comes together, so that the server can gather it', async () => {
    let flush = () => {};
    standIn.written = new Promise(resolve => {
      flush = resolve;
    });
    const writes = Array.from({ length: 50 }, () => write());
    await expect.poll(() => standIn.inserts.length).toBe(50);
    flush();
    await Promise.all(writes);
  });

  it.each([
    [
      'too many parts',
      { status: 500, code: 252, message: "near 'a@example.com' (TOO_MANY_PARTS)" },
      'SINK_FAILED',
    ],
    ['a proxy without a server', { status: 502, message: '<html>a@example.com</html>' }, 'SINK_UNREACHABLE'],
    [
      'a value it does not take',
      { status: 400, code: 38, message: "'a@example.com' (CANNOT_PARSE_DATE)" },
      'HANDLER_GAVE_UP',
    ],
  ])('rejects by a code, without the row: %s', async (_, failure, code) => {
    standIn.failure = failure;
    const error = await write().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('example.com');
    standIn.failure = undefined;
    await expect(write()).resolves.toBeUndefined();
  });

  it('rejects when nothing answers in time, and when the time of the change is over', async () => {
    await standIn.stop();
    await expect(write()).rejects.toMatchObject({ code: 'SINK_UNREACHABLE' });
    const over = new AbortController();
    over.abort(new Error('over'));
    await expect(write(over.signal)).rejects.toThrow('over');
    await standIn.start();
  });
});
