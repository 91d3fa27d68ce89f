import { describe, expect, it } from 'vitest';
import { versionOf } from './clickhouse-version.js';

describe('versionOf', () => {
  it('sorts as positions do', () => {
    const positions = [
      '0000000000000000-0000000001',
      '0000000000000000-9999999999',
      '0000000000000001-0000000000',
      '00000000FFFFFFFF-9999999999',
      '0000000100000000-0000000001',
      'FFFFFFFFFFFFFFFF-9999999999',
    ];
    const versions = positions.map(position => BigInt(versionOf(position)));
    expect([...versions].sort((a, b) => (a < b ? -1 : 1))).toEqual(versions);
    expect(new Set(versions).size).toBe(positions.length);
    expect(versions.at(-1)! < 2n ** 128n).toBe(true);
  });
});
