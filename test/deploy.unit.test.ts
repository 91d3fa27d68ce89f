import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import config from '../walmq.config.js';
import { KNOWN_VARIABLES } from './variables-fixture.js';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** Seconds an app may drain by default (WALMQ_SHUTDOWN_MS). */
const DRAIN_SECONDS = 10;

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly command: readonly [program: string, path: string, ...rest: string[]];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: Record<string, string> };
    readonly template: {
      readonly metadata: {
        readonly labels: Record<string, string>;
        readonly annotations: Record<string, string>;
      };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes?: readonly {
          readonly name: string;
          readonly persistentVolumeClaim?: { readonly claimName: string };
        }[];
      };
    };
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
    readonly metrics: readonly {
      readonly external: {
        readonly metric: {
          readonly name: string;
          readonly selector: {
            readonly matchExpressions: readonly {
              readonly key: string;
              readonly values: readonly string[];
            }[];
          };
        };
      };
    }[];
  };
}

const manifests = readdirSync(join(ROOT, 'ops/kubernetes')).flatMap(file =>
  parseAllDocuments(read(`ops/kubernetes/${file}`)).map(document => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  }),
);
const ofKind = (kind: string) =>
  manifests
    .filter(manifest => manifest.kind === kind)
    .map(manifest => [manifest.metadata.name, manifest] as const);
const deployments = ofKind('Deployment');

describe('ops/kubernetes', () => {
  it('runs every app', () => {
    expect(deployments.map(([name]) => name).sort()).toEqual([
      'walmq-analytics-worker',
      'walmq-capture',
      'walmq-dashboard',
      'walmq-inventory-worker',
      'walmq-order-worker',
    ]);
  });

  it.each([...deployments, ...ofKind('Job')])('%s runs a program of the project', (_name, { spec }) => {
    const [container] = spec.template.spec.containers;
    expect(container.command[0]).toBe('node');
    expect(existsSync(join(ROOT, container.command[1])), `${container.command[1]} exists`).toBe(true);
    expect(
      (container.env ?? []).map(({ name }) => name).filter(name => !KNOWN_VARIABLES.includes(name)),
    ).toEqual([]);
  });

  it.each(deployments)('%s is found, scraped and probed where it listens', (_name, { spec }) => {
    const { metadata, spec: pod } = spec.template;
    expect(metadata.labels).toEqual(spec.selector.matchLabels);
    const [{ env = [], ports = [], readinessProbe, livenessProbe }] = pod.containers;
    const [port] = ports;
    expect(env).toContainEqual({ name: 'WALMQ_PORT', value: String(port?.containerPort) });
    expect(metadata.annotations['prometheus.io/port']).toBe(String(port?.containerPort));
    expect(livenessProbe?.httpGet).toEqual({ path: '/live', port: port?.name });
    expect(readinessProbe?.httpGet.port).toBe(port?.name);
    expect(['/live', '/ready']).toContain(readinessProbe?.httpGet.path);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS);
  });

  it.each(ofKind('HorizontalPodAutoscaler'))('%s follows queues that there are', (_name, { spec }) => {
    expect(deployments.map(([name]) => name)).toContain(spec.scaleTargetRef.name);
    const { name, selector } = spec.metrics[0]?.external.metric ?? {};
    expect(read('docs/reference/metrics.md')).toContain(`| \`${name}\` |`);
    const queues = selector?.matchExpressions.find(({ key }) => key === 'queue')?.values ?? [];
    expect(queues.length).toBeGreaterThan(0);
    expect(Object.keys(config.queues)).toEqual(expect.arrayContaining([...queues]));
  });

  it('keeps what is discarded on the dashboard on a volume that outlives it', () => {
    const dashboard = deployments.find(([name]) => name === 'walmq-dashboard')?.[1].spec.template.spec;
    const [container] = dashboard?.containers ?? [];
    const folder = container?.env?.find(({ name }) => name === 'WALMQ_DISCARDED')?.value;
    const mount = container?.volumeMounts?.find(({ mountPath }) => mountPath === folder);
    const volume = dashboard?.volumes?.find(({ name }) => name === mount?.name);
    expect(ofKind('PersistentVolumeClaim').map(([name]) => name)).toEqual([
      volume?.persistentVolumeClaim?.claimName,
    ]);
  });
});

describe('ops/systemd', () => {
  const unit = read('ops/systemd/walmq@.service');
  const setting = (name: string) => unit.match(new RegExp(`^${name}=(.*)$`, 'm'))?.[1] ?? '';

  it('starts every app that the runbook enables', () => {
    const enabled =
      read('docs/guides/operations.md')
        .match(/systemctl enable --now (.*)/)?.[1]
        ?.split(' ') ?? [];
    expect(enabled.length).toBeGreaterThan(3);
    for (const name of enabled) {
      const path = setting('ExecStart').split(' ').at(-1)?.replaceAll('%i', name.replace('walmq@', ''));
      expect(existsSync(join(ROOT, path as string)), `${path} exists`).toBe(true);
    }
  });

  it('lets an app drain, and write only to a folder of its own', () => {
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(DRAIN_SECONDS);
    expect(setting('ProtectSystem')).toBe('strict');
    expect(setting('Environment=WALMQ_DISCARDED')).toMatch(`%S/${setting('StateDirectory')}/`);
  });
});
