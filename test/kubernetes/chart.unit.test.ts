import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import config from '../../walmq.config.js';
import { CASES, CHART, digest, RENDERED, ROOT } from './cases.mjs';

/** Seconds an app may drain by default (WALMQ_SHUTDOWN_MS). */
const DRAIN_SECONDS = 10;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom: readonly { readonly secretRef: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
  readonly securityContext: object;
}

interface Pod {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: {
    readonly terminationGracePeriodSeconds: number;
    readonly securityContext: object;
    readonly containers: readonly [Container];
  };
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly replicas?: number;
    readonly selector: { readonly matchLabels: Record<string, string> };
    readonly template: Pod;
    readonly scaleTargetRef: { readonly name: string };
    readonly triggers: readonly {
      readonly metadata: { readonly url: string; readonly valueLocation: string };
    }[];
  };
}

const read = (path: string) => readFileSync(path, 'utf8');
const schemas = JSON.parse(read(join(import.meta.dirname, 'schemas.json'))) as {
  kinds: Record<string, object>;
  definitions: object;
};
/** Formats of Kubernetes such as int32 are no checks of their own. */
const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });

const validators = new Map(
  Object.entries(schemas.kinds).map(([kind, schema]) => [
    kind,
    ajv.compile({ definitions: schemas.definitions, ...schema }),
  ]),
);

function manifestsOf(name: string): Manifest[] {
  return parseAllDocuments(read(join(RENDERED, `${name}.yaml`)))
    .map(document => document.toJS() as Manifest | null)
    .filter(manifest => manifest !== null);
}

const rendered = Object.keys(CASES).flatMap(name =>
  manifestsOf(name).map(
    manifest => [`${name}: ${manifest.kind} ${manifest.metadata.name}`, manifest] as const,
  ),
);
const withPods = rendered.filter(([, { kind }]) => kind === 'Deployment' || kind === 'Job');
const shop = manifestsOf('shop');

describe('ops/helm', () => {
  it('was rendered from the chart as it is: node test/kubernetes/render.mjs', () => {
    expect(read(join(RENDERED, 'digest.txt')).trim()).toBe(digest());
  });

  it.each(rendered)(
    "%s is valid by the API's own schema, in which no unknown field passes",
    (_name, manifest) => {
      const validate = validators.get(`${manifest.apiVersion}/${manifest.kind}`);
      expect(validate?.(manifest), JSON.stringify(validate?.errors)).toBe(true);
    },
  );

  it('would not be valid with a misspelt field', () => {
    const [deployment] = shop.filter(({ kind }) => kind === 'Deployment');
    const validate = validators.get('apps/v1/Deployment');
    expect(validate?.({ ...deployment, spec: { ...deployment?.spec, replica: 1 } })).toBe(false);
  });

  it.each(withPods)(
    '%s is admitted by PodSecurity "restricted", and writes nothing in its image',
    (_name, { spec }) => {
      const { securityContext, containers } = spec.template.spec;
      expect(securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    },
  );

  it.each(withPods)(
    '%s has the version of its image, the variables of the secret, and time to drain',
    (_name, { spec }) => {
      const { terminationGracePeriodSeconds, containers } = spec.template.spec;
      expect(containers[0].image).toMatch(/:\d+\.\d+\.\d+$/);
      expect(containers[0].envFrom).toHaveLength(1);
      const variables = read(join(ROOT, 'docs/reference/configuration.md'));
      for (const { name } of containers[0].env) expect(variables, name).toContain(`\`${name}\``);
      expect(terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS);
    },
  );

  it.each(withPods.filter(([, { kind }]) => kind === 'Deployment'))(
    '%s is found by its selector, and probed where it listens',
    (_name, { spec }) => {
      expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      const [{ env, ports = [], readinessProbe }] = spec.template.spec.containers;
      expect(env).toContainEqual({ name: 'WALMQ_PORT', value: String(ports[0]?.containerPort) });
      expect(readinessProbe?.httpGet).toEqual({ path: '/ready', port: ports[0]?.name });
    },
  );

  it('runs the programs of the reference shop, which there are', () => {
    const programs = shop
      .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
      .map(({ spec }) => spec.template.spec.containers[0].command?.[1] as string);
    expect(programs).toHaveLength(6);
    for (const path of programs) expect(existsSync(join(ROOT, path)), path).toBe(true);
    const { command } = parse(read(join(CHART, 'values-shop.yaml'))) as { command: string[] };
    expect(existsSync(join(ROOT, command[1] as string))).toBe(true);
  });

  it('scales workers by a metric that the dashboard serves, of queues that there are', () => {
    const scaled = shop.filter(({ kind }) => kind === 'ScaledObject');
    expect(scaled.map(({ spec }) => spec.scaleTargetRef.name)).toEqual([
      'walmq-analytics-worker',
      'walmq-inventory-worker',
      'walmq-order-worker',
    ]);
    for (const { metadata } of scaled.flatMap(({ spec }) => spec.triggers)) {
      const [, metric, queue = ''] = /^(\w+)\{queue="(\w+)"\}$/.exec(metadata.valueLocation) ?? [];
      expect(read(join(ROOT, 'docs/reference/metrics.md'))).toContain(`| \`${metric}\` |`);
      expect(Object.keys(config.queues)).toContain(queue);
      expect(metadata.url).toBe('http://walmq-dashboard.shop/metrics');
    }
    // Otherwise each upgrade would undo the number of replicas that KEDA has set.
    const workers = shop.filter(
      ({ kind, metadata }) => kind === 'Deployment' && /-worker$/.test(metadata.name),
    );
    expect(workers.map(({ spec }) => spec.replicas)).toEqual([undefined, undefined, undefined]);
  });

  it('has a second capture, which a drained node leaves running', () => {
    const least = manifestsOf('least');
    const capture = least.find(
      ({ metadata, kind }) => kind === 'Deployment' && metadata.name === 'walmq-capture',
    );
    expect(capture?.spec.replicas).toBe(2);
    expect(least.find(({ kind }) => kind === 'PodDisruptionBudget')?.spec.selector.matchLabels).toEqual(
      capture?.spec.selector.matchLabels,
    );
  });

  describe('values', () => {
    const schema = JSON.parse(read(join(CHART, 'values.schema.json'))) as object;
    const validate = ajv.compile(schema);
    const values = parse(read(join(CHART, 'values.yaml'))) as object;

    it('of the chart are valid', () => {
      expect(validate(values)).toBe(true);
    });

    it.each([
      ['a misspelt field', { workers: { payments: { replica: 2 } } }],
      ['a name that Kubernetes does not take', { workers: { Order_Worker: {} } }],
      ['a number that is text', { capture: { replicas: 'two' } }],
      ['a variable that is no text', { env: { WALMQ_PORT: 9100 } }],
    ])('with %s are rejected', (_name, wrong) => {
      expect(validate({ ...values, ...wrong })).toBe(false);
    });
  });
});
