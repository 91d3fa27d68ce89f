import { describe, expect, it } from 'vitest';
import { replicationFailure } from './failure.js';

describe('a replication connection through PgBouncer', () => {
  it.each([
    'unsupported startup parameter: replication',
    'unsupported startup parameter in options: search_path',
  ])('is denied, and the remedy names the pooler: %s', message => {
    const error = replicationFailure(Object.assign(new Error(message), { code: '08P01' }), 'walmq');
    expect(error.code).toBe('REPLICATION_DENIED');
    expect(error.sentence).toMatch(/pooler \(PgBouncer.*PostgreSQL itself/);
  });

  it('is lost at any other fault of the protocol', () => {
    const error = replicationFailure(Object.assign(new Error('invalid message'), { code: '08P01' }), 'walmq');
    expect(error.code).toBe('REPLICATION_LOST');
  });
});
