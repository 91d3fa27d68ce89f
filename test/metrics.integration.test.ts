import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { type RunningSystem, startSystem } from './system-fixture.js';

const ROOT = join(import.meta.dirname, '..');

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly app: string;
  readonly help: string;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook_url: string };
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The table of docs/reference/metrics.md. */
function documented(): (Metric & { labels: string[] })[] {
  const rows = read('docs/reference/metrics.md').matchAll(
    /^\| `(walmq_\w+)` \| (\w+) \| [^|]+ \| ([^|]*)\| (\w+) \| (.+) \|$/gm,
  );
  return [...rows].map(([, name = '', type = '', labels = '', app = '', help = '']) => ({
    name,
    type,
    app,
    help,
    labels: labels
      .split(',')
      .map(label => label.trim())
      .filter(Boolean)
      .sort(),
  }));
}

/** What an app says that it has, whether there is a value yet or not. */
function served(app: string, text: string): Metric[] {
  const helps = [...text.matchAll(/^# HELP (walmq_\w+) (.*)$/gm)];
  const types = new Map([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]));
  return helps.map(([, name = '', help = '']) => ({ name, type: types.get(name) ?? '', app, help }));
}

/** Labels of every value of every metric, but for the bounds of histograms. */
function labelsSeen(text: string): Map<string, Set<string>> {
  const seen = new Map<string, Set<string>>();
  for (const [, sample = '', labels = ''] of text.matchAll(/^(walmq_\w+)\{([^}]*)\}/gm)) {
    const name = sample.replace(/_(bucket|sum|count)$/, '');
    const known = seen.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') known.add(label);
    seen.set(name, known);
  }
  return seen;
}

/** The metrics an expression asks for; throws where it is not PromQL. */
function metricsOf(expression: string): string[] {
  // Grafana puts a duration there.
  const text = expression.replaceAll('$__rate_interval', '5m');
  const names: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, node }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${text}`);
      if (node.name === 'Identifier' && node.parent?.name === 'VectorSelector')
        names.push(text.slice(from, to));
    },
  });
  return names;
}

function rules(): Rule[] {
  const file = parse(read('ops/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] };
  return file.groups.flatMap(group => group.rules);
}

function panels(): { title: string; expr: string }[] {
  const board = JSON.parse(read('ops/grafana/walmq.json')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return board.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
}

/** As a page of Markdown is linked to. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('metrics, of the running apps', () => {
  let system: RunningSystem;
  const texts = new Map<string, string>();

  beforeAll(async () => {
    system = await startSystem(['capture', 'analytics-worker', 'dashboard'], {
      settings: { max_slot_wal_keep_size: '1GB' },
    });
    const client = new Client(system.databaseUrl);
    await client.connect();
    await client.query(
      "INSERT INTO orders (customer_email, total_amount) VALUES ('a@example.com', 1); INSERT INTO order_items (order_id, product_id, quantity, price) VALUES (1, 1, 1, 1)",
    );
    await client.end();
    const scrapeUntil = async (app: string, shown: RegExp) =>
      await vi.waitUntil(
        async () => {
          texts.set(app, await (await fetch(`${system.urls.get(app)}/metrics`)).text());
          return shown.test(texts.get(app) as string);
        },
        { timeout: 30_000, interval: 200 },
      );
    await scrapeUntil('analytics-worker', /outcome="processed"/);
    await scrapeUntil('capture', /^walmq_capture_slot_safe_wal_bytes \d+$/m);
    await scrapeUntil('dashboard', /^walmq_queue_workers\{queue="order_items"\} 1$/m);
  });
  afterAll(() => system.stop());

  const all = () => [
    ...served('capture', texts.get('capture') ?? ''),
    ...served('dashboard', texts.get('dashboard') ?? ''),
    ...served('workers', texts.get('analytics-worker') ?? ''),
  ];

  it('are those of docs/reference/metrics.md, word by word', () => {
    const byName = (a: Metric, b: Metric) => a.name.localeCompare(b.name);
    expect(all().sort(byName)).toEqual(
      documented()
        .map(({ labels: _, ...metric }) => metric)
        .sort(byName),
    );
  });

  it('have the labels of docs/reference/metrics.md', () => {
    const known = new Map(documented().map(({ name, labels }) => [name, labels]));
    for (const text of texts.values())
      for (const [name, labels] of labelsSeen(text))
        expect([name, [...labels].sort()]).toEqual([name, known.get(name)]);
  });

  it('are there for every panel of the Grafana dashboard', () => {
    const names = exposed([...texts.values()].join('\n'));
    expect(panels().length).toBeGreaterThan(15);
    for (const { title, expr } of panels())
      expect([title, metricsOf(expr).filter(name => !names.has(name))]).toEqual([title, []]);
  });

  it('are there for every alert, and each alert has its page', () => {
    const names = exposed([...texts.values()].join('\n'));
    const pages = anchors(read('docs/guides/operations.md'));
    expect(rules().length).toBeGreaterThan(9);
    for (const { alert, expr, annotations } of rules()) {
      expect([alert, metricsOf(expr).filter(name => !names.has(name))]).toEqual([alert, []]);
      expect(metricsOf(expr)).not.toEqual([]);
      expect(annotations.runbook_url).toBe(`docs/guides/operations.md#${alert.toLowerCase()}`);
      expect(pages).toContain(alert.toLowerCase());
      expect(annotations.summary).toMatch(/\.$/);
    }
  });
});

/** Names as queries use them. */
function exposed(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}
