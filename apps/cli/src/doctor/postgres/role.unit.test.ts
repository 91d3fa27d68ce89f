import { describe, expect, it } from 'vitest';
import { type RoleFacts, roleChecks } from './role.js';

const FACTS: RoleFacts = {
  role: 'app',
  refusal: undefined,
  missing: [],
  partsMissing: [],
  denied: [],
};

function found(name: string, facts: Partial<RoleFacts>) {
  return roleChecks({ ...FACTS, ...facts }).find(({ check }) => check === name);
}

describe('replication-role', () => {
  const refusal = { reason: 'no room', remedy: 'Make room.' };
  it.each([
    { what: 'with a connection', refusal: undefined, status: 'ok' },
    { what: 'with all connections taken', refusal: { ...refusal, full: true }, status: 'warning' },
    { what: 'refused', refusal: { ...refusal, full: false }, status: 'error' },
  ])('is $status $what', ({ refusal, status }) => {
    expect(found('replication-role', { refusal })).toMatchObject({ status });
  });
});

describe('grants', () => {
  it('does not speak of tables that are missing', () => {
    const missing = [{ schema: 'walmq', name: 'inbox', kind: 'table' }] as const;
    expect(found('grants', { missing })).toMatchObject({
      found: 'role "app" may use what there is of walmq\'s tables',
    });
  });
});
