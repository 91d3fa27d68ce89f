import { describe, expect, it } from 'vitest';
import { addArguments, callerOf, ownFiles } from './package-manager.js';

describe('callerOf', () => {
  it.each([
    ['npm/11.1.0 node/v22.1.0 linux x64 workspaces/false', 'npm', 11],
    ['pnpm/10.34.9 npm/? node/v20.20.2 linux x64', 'pnpm', 10],
    ['yarn/1.22.22 npm/? node/v20.20.2 linux x64', 'yarn', 1],
    ['bun/1.2.0 npm/? node/v22', 'npm', 0],
    [undefined, 'npm', 0],
  ])('%s', (userAgent, manager, major) => {
    expect(callerOf(userAgent)).toEqual({ manager, major });
  });
});

describe('ownFiles', () => {
  it.each([
    ['npm', 11, 20, []],
    ['pnpm', 10, 20, []],
    ['pnpm', 12, 24, ['pnpm-workspace.yaml']],
    ['yarn', 1, 20, ['.yarnrc']],
    ['yarn', 1, 22, []],
    ['yarn', 4, 20, ['.yarnrc.yml', 'yarn.lock']],
  ] as const)('of %s %i on Node.js %i', (manager, major, node, files) => {
    expect(Object.keys(ownFiles({ manager, major }, node))).toEqual(files);
  });
});

describe('addArguments', () => {
  it.each([
    ['npm', 11, ['install', 'walmq@^1.0.0']],
    ['pnpm', 10, ['add', '--ignore-workspace', 'walmq@^1.0.0']],
    ['pnpm', 12, ['add', 'walmq@^1.0.0']],
    ['yarn', 1, ['add', 'walmq@^1.0.0']],
  ] as const)('of %s %i', (manager, major, expected) => {
    expect(addArguments({ manager, major }, 'walmq@^1.0.0')).toEqual(expected);
  });
});
