import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');
export const CHART = join(ROOT, 'ops/helm/walmq');
export const RENDERED = join(import.meta.dirname, 'rendered');

/** Values with which the chart is rendered: as little as it takes, the reference shop, and everything that can be switched on. */
export const CASES = {
  least: { secret: { existing: 'walmq' }, dashboard: { usersSecret: 'walmq-users' } },
  shop: { secret: { existing: 'walmq' }, dashboard: { usersSecret: 'walmq-users' } },
  full: {
    image: { repository: 'registry.example.com/shop', tag: '2.3.4', pullSecrets: ['pull'] },
    secret: { values: { DATABASE_URL: 'postgres://db/shop', REDIS_URL: 'redis://redis:6379' } },
    env: { LOG_LEVEL: 'debug' },
    workers: {
      payments: {
        queues: ['payments', 'refunds'],
        autoscaling: { enabled: true, minReplicas: 2, oldestSeconds: 10 },
        env: { WALMQ_DATABASE_CONNECTIONS: '40' },
      },
      audit: { replicas: 3 },
    },
    dashboard: {
      usersSecret: 'walmq-users',
      ingress: {
        enabled: true,
        className: 'nginx',
        host: 'ops.example.com',
        path: '/walmq',
        tlsSecret: 'ops-tls',
        annotations: { 'cert-manager.io/issuer': 'ours' },
      },
      persistence: { storageClass: 'fast' },
    },
    networkPolicy: {
      enabled: true,
      dashboardFrom: { 'kubernetes.io/metadata.name': 'ingress-nginx' },
      metricsFrom: { 'kubernetes.io/metadata.name': 'monitoring' },
    },
    podMonitor: { enabled: true, labels: { release: 'prometheus' } },
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'queue', operator: 'Exists' }],
    podAnnotations: { team: 'shop' },
  },
};

/** Of the chart and the values: the rendered files belong to this state. */
export function digest() {
  const hash = createHash('sha256').update(JSON.stringify(CASES));
  const files = readdirSync(CHART, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(file.slice(CHART.length)).update(readFileSync(file));
  return hash.digest('hex');
}
