/**
 * Writes schemas.json: the JSON schemas of the kinds that the chart makes, with everything that they refer to. Kubernetes' own
 * come from the Python package kubernetes-validate, those of KEDA and of the Prometheus operator from their Go modules.
 * Needs pip and go: `node test/kubernetes/write-schemas.mjs`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { DEFINITIONS, definitionFiles } from './definitions.mjs';

const KUBERNETES = 'v1.34.0-local-strict';
const PACKAGE = 'kubernetes-validate==1.37.0';
const KINDS = {
  'apps/v1/Deployment': 'io.k8s.api.apps.v1.Deployment',
  'batch/v1/Job': 'io.k8s.api.batch.v1.Job',
  'v1/Secret': 'io.k8s.api.core.v1.Secret',
  'v1/Service': 'io.k8s.api.core.v1.Service',
  'v1/PersistentVolumeClaim': 'io.k8s.api.core.v1.PersistentVolumeClaim',
  'networking.k8s.io/v1/Ingress': 'io.k8s.api.networking.v1.Ingress',
  'networking.k8s.io/v1/NetworkPolicy': 'io.k8s.api.networking.v1.NetworkPolicy',
  'policy/v1/PodDisruptionBudget': 'io.k8s.api.policy.v1.PodDisruptionBudget',
};

const folder = mkdtempSync(join(tmpdir(), 'walmq-schemas-'));
const run = (program, args) => execFileSync(program, args, { cwd: folder, encoding: 'utf8' });

run('pip', ['download', '--quiet', '--no-deps', '--dest', folder, PACKAGE]);
run('sh', ['-c', 'python3 -m zipfile -e *.whl .']);
const text = readFileSync(
  join(folder, 'kubernetes_validate/kubernetes-json-schema', KUBERNETES, '_definitions.json'),
  'utf8',
);
const { $defs: definitions } = JSON.parse(text);
const used = {};
for (const name of Object.values(KINDS)) take(name);

function take(name) {
  if (used[name]) return;
  used[name] = shortened(definitions[name]);
  for (const [, other] of JSON.stringify(used[name]).matchAll(/"#\/definitions\/([^"]+)"/g)) take(other);
}

/** Without prose. References lead to this file's own definitions. */
function shortened(schema) {
  if (Array.isArray(schema)) return schema.map(shortened);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(
        ([name, value]) => !(name === 'description' && typeof value === 'string') && !name.startsWith('x-'),
      )
      .map(([name, value]) => [
        name,
        name === '$ref' ? `#/definitions/${value.split('/').at(-1)}` : shortened(value),
      ]),
  );
}

/** The schema of a custom resource, in which an unknown field is an error. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, strict(value)]));
  return inner.properties && inner.additionalProperties === undefined && schema.type === 'object'
    ? { ...inner, additionalProperties: false }
    : inner;
}

const kinds = Object.fromEntries(
  Object.entries(KINDS).map(([kind, name]) => [kind, { $ref: `#/definitions/${name}` }]),
);
for (const file of definitionFiles()) {
  const { spec } = parse(readFileSync(file, 'utf8'));
  for (const { name, schema } of spec.versions) {
    const { properties, ...rest } = strict(shortened(schema.openAPIV3Schema));
    kinds[`${spec.group}/${name}/${spec.names.kind}`] = {
      ...rest,
      properties: {
        ...properties,
        metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      },
    };
  }
}
const sources = [`${PACKAGE} ${KUBERNETES}`, ...DEFINITIONS.map(([module]) => module)];
writeFileSync(
  join(import.meta.dirname, 'schemas.json'),
  `${JSON.stringify({ sources, kinds, definitions: used })}\n`,
);
