import { describe, expect, it } from 'vitest';
import { poolerOf } from './pooler.js';

describe('poolerOf', () => {
  it.each([
    ['08P01', 'unsupported startup parameter: replication', /PgBouncer/, 'replication'],
    ['08P01', 'unsupported startup parameter: options', /PgBouncer/, 'options'],
    ['08P01', 'unsupported startup parameter in options: search_path', /PgBouncer/, 'options'],
    [
      '0A000',
      "Feature not supported: RDS Proxy currently doesn't support command-line options.",
      /RDS Proxy/,
      'options',
    ],
    ['42601', 'syntax error at or near "IDENTIFY_SYSTEM"', /Supavisor/, 'replication'],
    ['42601', 'syntax error at or near "START_REPLICATION"', /Supavisor/, 'replication'],
  ])('%s %s', (code, message, name, refuses) => {
    expect(poolerOf(Object.assign(new Error(message), { code }))).toMatchObject({
      name: expect.stringMatching(name),
      refuses,
    });
  });

  it.each([
    ['08P01', 'invalid message format'],
    ['42601', 'syntax error at or near "SELEC"'],
    [undefined, 'unsupported startup parameter: replication'],
  ])('is none: %s %s', (code, message) => {
    expect(poolerOf(Object.assign(new Error(message), { code }))).toBeUndefined();
  });
});
