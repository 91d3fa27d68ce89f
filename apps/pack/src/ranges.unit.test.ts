import { describe, expect, it } from 'vitest';
import { rangesOf } from './ranges.js';
import type { SourceManifest, Workspace } from './workspace.js';

const workspace = (id: string, manifest: Partial<SourceManifest>): Workspace => ({
  id,
  folder: `/${id}`,
  manifest: { name: `@walmq/${id}`, version: '1.2.3', description: '', ...manifest },
});
const worker = workspace('worker', {
  dependencies: { bullmq: '6.7.0' },
  peerDependencies: { otel: '^2.0.0', '@walmq/embedded': '*' },
  peerDependenciesMeta: { otel: { optional: true }, '@walmq/embedded': { optional: true } },
});

describe('rangesOf', () => {
  it('takes what the importing workspace declares, and what is given before it', () => {
    const outer = ['bullmq', 'otel', '@walmq/embedded', '@types/pg'].map(name => ({
      name,
      workspace: worker,
    }));
    const given = new Map([
      ['@walmq/embedded', '1.2.3'],
      ['@types/pg', '^8.0.0'],
    ]);
    expect(rangesOf(outer, given)).toEqual({
      dependencies: { '@types/pg': '^8.0.0', bullmq: '6.7.0' },
      peerDependencies: { '@walmq/embedded': '1.2.3', otel: '^2.0.0' },
      peerDependenciesMeta: { '@walmq/embedded': { optional: true }, otel: { optional: true } },
    });
  });

  it('makes a dependency of what one part always needs and another may do without', () => {
    const capture = workspace('capture', { dependencies: { otel: '^2.0.0' } });
    const outer = [worker, capture].map(each => ({ name: 'otel', workspace: each }));
    expect(rangesOf(outer, new Map())).toEqual({
      dependencies: { otel: '^2.0.0' },
      peerDependencies: {},
      peerDependenciesMeta: {},
    });
  });

  it.each([
    ['what nobody declares', worker, 'pg', '@walmq/worker imports pg and does not declare it'],
    [
      'two ranges',
      workspace('fanout', { dependencies: { bullmq: '^6.7.0' } }),
      'bullmq',
      'bullmq is declared as 6.7.0 and, by @walmq/fanout, as ^6.7.0',
    ],
    [
      'a peer that every project would have to install',
      workspace('nest', { peerDependencies: { nest: '*' } }),
      'nest',
      '@walmq/nest: its peer nest must be optional',
    ],
  ])('refuses %s', (_what, importer, name, message) => {
    const outer = [
      { name: 'bullmq', workspace: worker },
      { name, workspace: importer },
    ];
    expect(() => rangesOf(outer, new Map())).toThrow(message);
  });
});
