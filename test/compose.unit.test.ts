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
  restart?: string;
  init?: boolean;
  read_only?: boolean;
  stop_grace_period?: string;
  healthcheck?: { test?: string[] };
  profiles?: string[];
}

const ROOT = join(import.meta.dirname, '..');
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const IMAGE = `walmq/walmq:${(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version}`;
const ours = services.filter(([, { image }]) => image?.startsWith('walmq/'));
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

  it('builds one image, which has one name with the version, and pins the images of others', () => {
    expect(services.flatMap(([name, { build }]) => (build === undefined ? [] : [name, build]))).toEqual([
      'setup',
      '.',
    ]);
    expect(new Set(ours.map(([, { image }]) => image))).toEqual(new Set([IMAGE]));
    for (const [name, { image }] of services) expect(image, name).toMatch(/:v?\d+\.\d+(\.\d+)?$/);
  });

  it('brings every service back after a kill or a reboot, but for set-up', () => {
    const once = services.filter(([, { restart }]) => restart !== 'unless-stopped').map(([name]) => name);
    expect(once).toEqual(['setup']);
  });

  it.each(ours)(
    '%s gets its signals, has time to drain, and writes nothing in its image',
    (_name, service) => {
      expect(service.init).toBe(true);
      expect(service.read_only).toBe(true);
      expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(10);
      // A process of Node.js every five seconds would cost more than most of the programs.
      expect(service.healthcheck?.test?.[1]).not.toBe('node');
    },
  );

  it.each(ours)('%s runs a program of the project', (_name, { command = [] }) => {
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
  it('is built from an allow list, which has no secrets and no tests', () => {
    const rules = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    expect(rules).toContain('*');
    const allowed = rules.filter(rule => rule.startsWith('!')).map(rule => rule.slice(1));
    expect(allowed.filter(name => /env|users|discarded|docs|ops|test/.test(name))).toEqual([]);
  });

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
