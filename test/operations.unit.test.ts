import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENVIRONMENT_VARIABLES } from '@walmq/service';
import { VERDICT_CODES } from '@walmq/status';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';

const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

/** Programs that a supervisor runs, and what they are made of. */
const PARTS = [
  ...[
    'apps/capture',
    'apps/order-worker',
    'apps/inventory-worker',
    'apps/analytics-worker',
    'apps/dashboard',
  ],
  ...['packages/config', 'packages/fanout', 'packages/replication', 'packages/service', 'packages/worker'],
  ...[
    'packages/change-log',
    'apps/change-log-worker',
    'packages/audit',
    'packages/webhooks',
    'packages/status',
    'apps/webhook-worker',
    'apps/audit-worker',
  ],
];

/** Outcomes of one change or one action, which are told where it was asked for; set-up's, which docs/doctor.md explains; bugs of ours. */
const ELSEWHERE =
  /^(HANDLER_|BACKFILL_|REWIND_|SETUP_|DISCARD_|REPLAY_|WEBHOOK_(ADDRESS_REFUSED|REFUSED|TIMEOUT|UNREACHABLE)$|(ONCE|EFFECT)_TWICE$|RESULT_NOT_JSON$|CONNECTIONS_TAKEN$|ENQUEUER_CLOSED$)/;

function sources(part: string): string[] {
  return readdirSync(join(ROOT, part, 'src'), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !/(\.test|-fixture)\.ts$/.test(path))
    .map(path => readFileSync(join(ROOT, part, 'src', path), 'utf8'));
}

describe('docs/operations.md', () => {
  const explained = new Set([...page.matchAll(/<a id="([A-Z_]+)">/g)].map(([, code]) => code));

  it('explains every error that may end a process', () => {
    const codes = PARTS.flatMap(sources).flatMap(source =>
      [...source.matchAll(/new WalmqError\(\s*'([A-Z_]+)'/g)].map(([, code = '']) => code),
    );
    expect(codes.length).toBeGreaterThan(30);
    expect([...new Set(codes)].filter(code => !ELSEWHERE.test(code) && !explained.has(code))).toEqual([]);
  });

  it('explains every verdict of walmq status', () => {
    expect(VERDICT_CODES.filter(code => !explained.has(code))).toEqual([]);
  });

  it('links to what there is', () => {
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, target = ''] of page.matchAll(/\]\(#([^)]+)\)/g))
      expect(headings.includes(target) || explained.has(target), target).toBe(true);
    for (const [, path = ''] of page.matchAll(/\]\(([^#)][^)#]*)(?:#[^)]*)?\)/g))
      expect(existsSync(join(ROOT, 'docs', path)), path).toBe(true);
  });
});

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template?: {
      readonly spec: { readonly terminationGracePeriodSeconds?: number; readonly containers: Container[] };
    };
    readonly scaleTargetRef?: { readonly name: string };
  };
}

interface Container {
  readonly command: string[];
  readonly env?: { name: string; value: string }[];
  readonly ports?: { containerPort: number }[];
  readonly livenessProbe?: { httpGet: { path: string } };
  readonly readinessProbe?: { httpGet: { path: string } };
}

describe('ops/kubernetes', () => {
  const folder = join(ROOT, 'ops/kubernetes');
  const manifests = readdirSync(folder).flatMap(file =>
    parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map(document => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest;
    }),
  );
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');

  it('runs every app', () => {
    expect(deployments.map(({ metadata }) => metadata.name).sort()).toEqual([
      'walmq-analytics-worker',
      'walmq-capture',
      'walmq-dashboard',
      'walmq-inventory-worker',
      'walmq-order-worker',
    ]);
  });

  it('runs programs that there are, with variables that they read', () => {
    for (const container of manifests.flatMap(({ spec }) => spec.template?.spec.containers ?? [])) {
      expect(existsSync(join(ROOT, container.command[1] as string)), container.command[1]).toBe(true);
      for (const { name } of container.env ?? [])
        expect([...ENVIRONMENT_VARIABLES, 'WALMQ_DASHBOARD_USERS_FILE']).toContain(name);
    }
  });

  it('asks what the apps answer, on the port they listen on, and gives them time to drain', () => {
    for (const { spec } of deployments) {
      const [container] = spec.template?.spec.containers ?? [];
      expect(container?.livenessProbe?.httpGet.path).toBe('/live');
      expect(['/live', '/ready']).toContain(container?.readinessProbe?.httpGet.path);
      expect(container?.env?.find(({ name }) => name === 'WALMQ_PORT')?.value).toBe(
        String(container?.ports?.[0]?.containerPort),
      );
      expect(spec.template?.spec.terminationGracePeriodSeconds).toBeGreaterThan(10);
    }
  });

  it('scales deployments that there are', () => {
    const names = deployments.map(({ metadata }) => metadata.name);
    for (const { spec } of manifests.filter(({ kind }) => kind === 'HorizontalPodAutoscaler'))
      expect(names).toContain(spec.scaleTargetRef?.name);
  });
});

describe('ops/systemd', () => {
  it('has one unit, whose program every app has', () => {
    const unit = readFileSync(join(ROOT, 'ops/systemd/walmq@.service'), 'utf8');
    const program = /^ExecStart=.*node (\S+)$/m.exec(unit)?.[1] ?? '';
    for (const app of ['capture', 'dashboard', 'order-worker', 'inventory-worker', 'analytics-worker'])
      expect(existsSync(join(ROOT, program.replaceAll('%i', app))), app).toBe(true);
  });
});
