import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningSystem, startSystem } from './system-fixture.js';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly service: string;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly {
        readonly key: string;
        readonly value: { readonly stringValue: string };
      }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'service'>[] }[];
  }[];
}

/** What a collector is to an exporter: OTLP over HTTP, in JSON. */
class Collector {
  readonly spans: Span[] = [];
  readonly #server: Server = createServer(async (request, response) => {
    const { resourceSpans } = JSON.parse(await text(request)) as Export;
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(span => ({ ...span, service })));
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

describe('traces, of the running apps', () => {
  const collector = new Collector();
  let system: RunningSystem;
  beforeAll(async () => {
    system = await startSystem(['capture', 'analytics-worker'], {
      env: {
        WALMQ_TRACING: 'on',
        OTEL_EXPORTER_OTLP_ENDPOINT: await collector.start(),
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    });
  });
  afterAll(async () => {
    await system.stop();
    await collector.stop();
  });

  it('lead from the commit to the effect: a worker takes up the span of the capture', async () => {
    const client = new Client(system.databaseUrl);
    await client.connect();
    await client.query(
      "INSERT INTO orders (customer_email, total_amount) VALUES ('a@example.com', 1); INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (1, 1, 1, 1)",
    );
    await client.end();
    const find = (service: string, name: RegExp) =>
      collector.spans.find(span => span.service === service && name.test(span.name));
    await expect
      .poll(() => find('walmq-analytics-worker', /process/) && find('walmq-capture', /order_items/), {
        timeout: 30_000,
      })
      .toBeDefined();
    const captured = find('walmq-capture', /^capture public\.order_items$/) as Span;
    const processed = find('walmq-analytics-worker', /process/);
    expect(processed).toMatchObject({ traceId: captured.traceId, parentSpanId: captured.spanId });
    // From the commit to where the job was enqueued.
    expect(BigInt(captured.endTimeUnixNano)).toBeGreaterThan(BigInt(captured.startTimeUnixNano));
  });

  it('show a batch with links to all its changes', async () => {
    const COUNT = 30;
    const traceId = 'a3ce929d0e0e47364bf92f3577b34da6';
    const client = new Client(system.databaseUrl);
    await client.connect();
    await client.query('BEGIN');
    await client.query("SELECT pg_logical_emit_message(true, 'walmq.context', $1::text)", [
      JSON.stringify({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` }),
    ]);
    await client.query(
      'INSERT INTO order_items (order_id, product_id, quantity, price) SELECT 1, 1, 1, 1 FROM generate_series(1, $1::integer)',
      [COUNT],
    );
    await client.query('COMMIT');
    await client.end();
    const spans = (name: RegExp) =>
      collector.spans.filter(span => span.traceId === traceId && name.test(span.name));
    const linked = () => spans(/^batch /).flatMap(({ links = [] }) => links.map(({ spanId }) => spanId));
    await expect.poll(() => linked().length, { timeout: 30_000 }).toBe(COUNT);
    await expect.poll(() => spans(/^process /).length, { timeout: 30_000 }).toBe(COUNT);
    const processed = spans(/^process /).map(({ spanId }) => spanId);
    expect(linked().toSorted()).toEqual(processed.toSorted());
    for (const { parentSpanId, links } of spans(/^batch /)) expect(links?.[0]?.spanId).toBe(parentSpanId);
    expect(spans(/^batch /).length).toBeLessThan(COUNT);
  });

  it("continue the application's trace where its transaction gave one", async () => {
    const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
    const client = new Client(system.databaseUrl);
    await client.connect();
    await client.query('BEGIN');
    await client.query("SELECT pg_logical_emit_message(true, 'walmq.context', $1::text)", [
      JSON.stringify({ traceparent: `00-${traceId}-${spanId}-01` }),
    ]);
    await client.query("INSERT INTO orders (customer_email, total_amount) VALUES ('b@example.com', 2)");
    await client.query('COMMIT');
    await client.end();
    await expect
      .poll(() => collector.spans.find(span => span.traceId === traceId), { timeout: 30_000 })
      .toMatchObject({ name: 'capture public.orders', parentSpanId: spanId });
  });
});
