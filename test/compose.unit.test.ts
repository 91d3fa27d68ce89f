import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KNOWN_VARIABLES, OWN_VARIABLES } from './variables-fixture.js';

interface ComposeService {
  build?: string;
  image?: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  container_name?: string;
  profiles?: string[];
}

const ROOT = join(import.meta.dirname, '..');
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, service]) => service.build !== undefined);
const WORKERS = ['order-worker', 'inventory-worker', 'analytics-worker'];
/** Nothing to do until they are configured: each has a profile of its own. */
const OPTIONAL = {
  'webhook-worker': 'webhooks',
  'audit-worker': 'audit',
  'change-log-worker': 'change-log',
};

describe('docker-compose.yml', () => {
  it('runs every app, those that need a configuration when they are asked for', () => {
    const optional = ours.flatMap(([name, { profiles }]) => (profiles ? [[name, ...profiles]] : []));
    expect(Object.fromEntries(optional)).toEqual(OPTIONAL);
    const always = ours.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always.sort()).toEqual(['setup', 'capture', ...WORKERS, 'dashboard'].sort());
  });

  it.each(ours)('%s is built here and runs a program of the project', (_name, { build, command = [] }) => {
    expect(existsSync(join(ROOT, build as string, 'Dockerfile'))).toBe(true);
    const [program, path] = command;
    expect(program).toBe('node');
    expect(existsSync(join(ROOT, path as string)), `${path} exists`).toBe(true);
  });

  it.each(ours)('%s sets variables that are read', (_name, { environment = {} }) => {
    expect(Object.keys(environment).filter(name => !KNOWN_VARIABLES.includes(name))).toEqual([]);
  });

  it.each(OWN_VARIABLES)('%s is read by an app', variable => {
    const readers = [
      'apps/dashboard/src/access/policy.ts',
      'apps/dashboard/src/run-dashboard.ts',
      'packages/shop/src/open-mailer.ts',
      ...WORKERS.map(app => `apps/${app}/src/${app.replace('-worker', '-app')}.ts`),
    ];
    const sources = readers.map(path => readFileSync(join(ROOT, path), 'utf8'));
    expect(sources.some(source => source.includes(variable))).toBe(true);
  });

  it.each(services)('%s waits for services, and uses volumes, that there are', (_name, service) => {
    for (const [other] of Object.entries(service.depends_on ?? {}))
      expect(compose.services).toHaveProperty(other);
    for (const volume of service.volumes ?? [])
      expect(compose.volumes).toHaveProperty(volume.split(':')[0] as string);
  });

  it.each([...WORKERS, ...Object.keys(OPTIONAL)])('%s can be scaled: no fixed name, no fixed port', name => {
    expect(compose.services[name]).not.toHaveProperty('container_name');
    expect(compose.services[name]).not.toHaveProperty('ports');
  });

  it('publishes ports to this machine alone', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter(port => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('keeps the promises of durability: logical WAL, fsync, no eviction', () => {
    expect(compose.services.postgres?.command?.join(' ')).toContain('wal_level=logical');
    const redis = compose.services.redis?.command?.join(' ');
    for (const setting of ['--appendonly yes', '--appendfsync always', '--maxmemory-policy noeviction'])
      expect(redis).toContain(setting);
  });
});

describe('Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split('\n');

  it('does not run as root', () => {
    const user = lines.find(line => line.startsWith('USER '))?.slice(5);
    expect(Number(user)).toBeGreaterThan(0);
  });

  it('starts a program of the project by default', () => {
    const command = JSON.parse(lines.find(line => line.startsWith('CMD '))?.slice(4) ?? '[]') as string[];
    expect(existsSync(join(ROOT, command[1] as string))).toBe(true);
  });
});
