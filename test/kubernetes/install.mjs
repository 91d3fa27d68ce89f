/**
 * Installs the chart on a real API server, with all that the server checks: schemas, names, quotas of fields, PodSecurity
 * "restricted". There are no nodes, so no pod runs. Every value set is installed, upgraded, and uninstalled by Helm, and the pod
 * of every program is created as its controller would create it.
 *
 * `node test/kubernetes/install.mjs`. Needs etcd, kubectl, Helm 3 and kube-apiserver, whose programs WALMQ_ETCD, WALMQ_KUBECTL,
 * WALMQ_HELM and WALMQ_KUBE_APISERVER name; and go, for the definitions of KEDA and the Prometheus operator.
 */
import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { CASES, CHART } from './cases.mjs';
import { definitionFiles } from './definitions.mjs';

const PROGRAMS = {
  etcd: process.env.WALMQ_ETCD ?? 'etcd',
  kubectl: process.env.WALMQ_KUBECTL ?? 'kubectl',
  helm: process.env.WALMQ_HELM ?? 'helm',
  apiserver: process.env.WALMQ_KUBE_APISERVER ?? 'kube-apiserver',
};
const TOKEN = 'test';
const READY_SECONDS = 120;
/** Kinds with a template of a pod. */
const WITH_PODS = ['Deployment', 'Job'];

const folder = mkdtempSync(join(tmpdir(), 'walmq-kubernetes-'));
const running = [];
try {
  const server = await startServer();
  const kubectl = (args, input) => run(PROGRAMS.kubectl, ['--kubeconfig', server, ...args], input);
  const helm = (args, input) => run(PROGRAMS.helm, ['--kubeconfig', server, ...args], input);
  for (const file of definitionFiles()) kubectl(['apply', '--server-side', '--filename', file]);
  for (const [name, values] of Object.entries(CASES)) {
    kubectl(['create', 'namespace', name]);
    kubectl(['label', 'namespace', name, 'pod-security.kubernetes.io/enforce=restricted']);
    // What the controller manager would create.
    kubectl(['create', 'serviceaccount', 'default', '--namespace', name]);
    expectRefusal(() => kubectl(['create', '--namespace', name, '--filename', '-'], podAsRoot()));
    installAndRemove(name, values, { kubectl, helm });
  }
} finally {
  for (const child of running.reverse()) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

function installAndRemove(name, values, { kubectl, helm }) {
  const files = name === 'shop' ? ['--values', join(CHART, 'values-shop.yaml')] : [];
  const args = ['--namespace', name, ...files, '--values', '-'];
  const input = JSON.stringify(values);
  const manifests = parseAllDocuments(helm(['template', 'walmq', CHART, '--validate', ...args], input))
    .map(document => document.toJS())
    .filter(manifest => manifest !== null);
  // Strict: an unknown field is an error, where Helm would only warn.
  kubectl(
    ['create', '--dry-run=server', '--validate=strict', '--namespace', name, '--filename', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }),
  );
  // Hooks wait for the end of a Job, which nothing runs here.
  helm(['install', 'walmq', CHART, '--no-hooks', ...args], input);
  helm(['upgrade', 'walmq', CHART, '--no-hooks', ...args], input);
  const pods = manifests.filter(({ kind }) => WITH_PODS.includes(kind));
  for (const { metadata, spec } of pods) {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...spec.template.metadata, name: metadata.name },
      spec: spec.template.spec,
    };
    kubectl(
      ['create', '--dry-run=server', '--validate=strict', '--namespace', name, '--filename', '-'],
      JSON.stringify(pod),
    );
  }
  helm(['uninstall', 'walmq', '--namespace', name, '--no-hooks']);
  console.log(`${name}: ${manifests.length} manifests, ${pods.length} pods admitted`);
}

/** Starts etcd and the API server. Resolves to the path of a kubeconfig. */
async function startServer() {
  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()];
  const etcd = `http://127.0.0.1:${client}`;
  start('etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
  ]);
  const key = join(folder, 'accounts.pem');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const tokens = join(folder, 'tokens.csv');
  writeFileSync(tokens, `${TOKEN},admin,admin,system:masters\n`);
  start('apiserver', [
    `--etcd-servers=${etcd}`,
    `--secure-port=${secure}`,
    '--bind-address=127.0.0.1',
    `--cert-dir=${join(folder, 'certificates')}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=RBAC',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
  ]);
  const kubeconfig = join(folder, 'kubeconfig.json');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'test',
          cluster: { server: `https://127.0.0.1:${secure}`, 'insecure-skip-tls-verify': true },
        },
      ],
      users: [{ name: 'test', user: { token: TOKEN } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    }),
    { mode: 0o600 },
  );
  await untilReady(kubeconfig);
  return kubeconfig;
}

async function untilReady(kubeconfig) {
  for (let second = 0; ; second++) {
    try {
      run(PROGRAMS.kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz']);
      return;
    } catch (error) {
      if (second > READY_SECONDS) throw error;
      await delay(1000);
    }
  }
}

function start(name, args) {
  const child = spawn(PROGRAMS[name], args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(folder, `${name}.log`));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  child.on('error', error => {
    throw new Error(`${PROGRAMS[name]} cannot be started: ${error.message}`);
  });
  running.push(child);
}

function run(program, args, input = '') {
  return execFileSync(program, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The proof that the server checks at all. */
function expectRefusal(act) {
  try {
    act();
  } catch (error) {
    if (String(error.stderr).includes('violates PodSecurity')) return;
    throw error;
  }
  throw new Error('the server has admitted a pod that may run as root');
}

function podAsRoot() {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'as-root' },
    spec: { containers: [{ name: 'main', image: 'example' }] },
  });
}

function freePort() {
  return new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
