import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
/** Seconds an app may drain by default (WALMQ_SHUTDOWN_MS). */
const DRAIN_SECONDS = 10;

describe('ops/systemd', () => {
  const unit = read('ops/systemd/walmq@.service');
  const setting = (name: string) => unit.match(new RegExp(`^${name}=(.*)$`, 'm'))?.[1] ?? '';

  it('starts every app that the runbook enables', () => {
    const enabled =
      read('docs/guides/operations.md')
        .match(/systemctl enable --now (.*)/)?.[1]
        ?.split(' ') ?? [];
    expect(enabled.length).toBeGreaterThan(3);
    for (const name of enabled) {
      const path = setting('ExecStart').split(' ').at(-1)?.replaceAll('%i', name.replace('walmq@', ''));
      expect(existsSync(join(ROOT, path as string)), `${path} exists`).toBe(true);
    }
  });

  it('lets an app drain, and write only to a folder of its own', () => {
    expect(Number(setting('TimeoutStopSec'))).toBeGreaterThan(DRAIN_SECONDS);
    expect(setting('ProtectSystem')).toBe('strict');
    expect(setting('Environment=WALMQ_DISCARDED')).toMatch(`%S/${setting('StateDirectory')}/`);
  });
});
