import { describe, expect, it } from 'vitest';
import { openedByChecks } from '../bullmq.js';
import { type QueueFacts, queueChecks } from '../queues.js';
import { type RedisFacts, redisChecks } from './redis.js';

const WELL: RedisFacts = {
  informs: true,
  product: 'Redis',
  version: '7.2.4',
  commandsOf: '7.2.4',
  role: 'master',
  cluster: false,
  persistence: {
    appendonly: 'yes',
    appendfsync: 'always',
    maxmemoryPolicy: 'noeviction',
    hasWaitaof: true,
  },
  writesAppendOnlyFile: true,
  usedMemoryBytes: 10,
  maxMemoryBytes: 0,
  systemMemoryBytes: 1000,
  onlineReplicas: 0,
  medianPingMs: 0.4,
};
type Options = Parameters<typeof redisChecks>[1];

const OPTIONS: Options = {
  durability: 'fsync',
  trustDurability: false,
  maxMemoryShare: 0.8,
  followsCluster: false,
  hasHashTags: false,
};

/** `check status` of every result that is not ok. */
function troubles(facts: Partial<RedisFacts>, options: Partial<Options> = {}): string[] {
  return redisChecks({ ...WELL, ...facts }, { ...OPTIONS, ...options })
    .filter(({ status }) => status !== 'ok')
    .map(({ check, status }) => `${check} ${status}`);
}

describe('Redis', () => {
  it.each<[string, Partial<RedisFacts>, Partial<Options>, string[]]>([
    ['is well', {}, {}, []],
    ['is Valkey', { product: 'Valkey', version: '9.0.0' }, {}, []],
    ['is too old', { commandsOf: '6.0.16' }, {}, ['redis error']],
    ['is just new enough', { commandsOf: '6.2.0' }, {}, []],
    ['is a replica', { role: 'slave' }, {}, ['redis error']],
    ['is one of a cluster, unknown to the client', { cluster: true }, { hasHashTags: true }, ['redis error']],
    ['is one of a cluster, without shards', { cluster: true }, { followsCluster: true }, ['redis error']],
    ['is one of a cluster', { cluster: true }, { followsCluster: true, hasHashTags: true }, []],
    ['fsyncs every second, without WAITAOF', persistence('everysec', false), {}, ['redis-durability error']],
    ['fsyncs every second, with WAITAOF', persistence('everysec', true), {}, []],
    ['may not write its file', { writesAppendOnlyFile: false }, {}, ['redis-durability error']],
    ['keeps nothing, as configured', persistence('no', false), { durability: 'memory' }, []],
    ['lacks a replica', { onlineReplicas: 1 }, { durability: { replicated: 2 } }, ['redis-durability error']],
    ['has its replicas', { onlineReplicas: 2 }, { durability: { replicated: 2 } }, []],
    ['does not tell', silent(), {}, ['redis-durability error']],
    [
      'refuses INFO',
      { informs: false },
      { durability: { replicated: 1 } },
      ['redis warning', 'redis-durability warning'],
    ],
    ['does not tell, and is trusted', silent(), { trustDurability: true }, ['redis-durability warning']],
    ['fills its machine', { usedMemoryBytes: 801 }, {}, ['redis-memory warning']],
    ['is near its limit', { usedMemoryBytes: 65, maxMemoryBytes: 100 }, {}, ['redis-memory warning']],
    ['is at its limit', { usedMemoryBytes: 80, maxMemoryBytes: 100 }, {}, ['redis-memory error']],
    ['is far away', { medianPingMs: 21 }, {}, ['redis-latency warning']],
  ])('%s', (_name, facts, options, expected) => {
    expect(troubles(facts, options)).toEqual(expected);
  });
});

function persistence(appendfsync: string, hasWaitaof: boolean): Partial<RedisFacts> {
  return { persistence: { ...WELL.persistence, appendfsync, hasWaitaof } };
}

/** Facts of a managed server that forbids CONFIG. */
function silent(): Partial<RedisFacts> {
  const unknown = { appendonly: undefined, appendfsync: undefined, maxmemoryPolicy: undefined };
  return { persistence: { ...unknown, hasWaitaof: false } };
}

describe('the BullMQ that opened a queue', () => {
  it.each<[string, string | null, number]>([
    ['none has', null, 0],
    ['the same', 'bullmq:6.7.0', 0],
    ['a program of another kind', 'other:1.0.0', 0],
    ['another version', 'bullmq:5.61.0', 1],
  ])('%s', (_name, openedBy, warnings) => {
    expect(openedByChecks('orders', openedBy, '6.7.0')).toHaveLength(warnings);
  });
});

describe('a queue', () => {
  const EMPTY: QueueFacts = {
    name: 'orders',
    waiting: 0,
    active: 0,
    delayed: 0,
    retriedFor: null,
    pausedKeys: { count: 0, first: [] },
    isPaused: false,
    parked: 0,
    failed: 0,
    workers: 1,
  };

  it.each<[string, Partial<QueueFacts>, string[]]>([
    ['is empty', {}, ['ok']],
    ['is empty and has no worker', { workers: 0 }, ['ok']],
    ['waits for a worker', { waiting: 1, workers: 0 }, ['warning']],
    ['left a worker at its last change', { active: 1, workers: 0 }, ['warning']],
    ['is paused', { waiting: 1, isPaused: true }, ['warning']],
    ['tries changes again', { delayed: 2, retriedFor: 'no answer' }, ['warning']],
    ['waits, and Redis does not list its clients', { waiting: 1, workers: null }, ['ok']],
    ['has failed changes', { failed: 1, parked: 2 }, ['warning']],
    ['is near its limit', { waiting: 50, parked: 30 }, ['warning']],
    ['is at its limit, with failed changes', { delayed: 60, active: 40, failed: 1 }, ['error', 'warning']],
  ])('%s', (_name, facts, expected) => {
    expect(queueChecks({ ...EMPTY, ...facts }, 100).map(({ status }) => status)).toEqual(expected);
  });
});
