import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TABLE_FINDING_CODES, VERDICT_CODES } from '@walmq/operations';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const page = readFileSync(join(ROOT, 'docs/guides/operations.md'), 'utf8');

/** Programs that a supervisor runs, and what they are made of. */
const PARTS = [
  'apps/capture',
  'apps/order-worker',
  'apps/inventory-worker',
  'apps/analytics-worker',
  'apps/dashboard',
  'packages/config',
  'packages/fanout',
  'packages/replication',
  'packages/runtime',
  'packages/worker',
  'packages/postgres',
  'packages/sinks/src/audit',
  'packages/sinks/src/change-log',
  'packages/sinks/src/webhooks',
  'packages/operations/src/status',
  'packages/operations/src/resume',
  'apps/change-log-worker',
  'apps/webhook-worker',
  'apps/audit-worker',
];

/** Outcomes of one change or one action, which are told where it was asked for; set-up's, which docs/reference/doctor.md explains; bugs of ours. */
const ELSEWHERE =
  /^(HANDLER_|BACKFILL_|REWIND_|SETUP_|DISCARD_|REPLAY_|WEBHOOK_(ADDRESS_REFUSED|REFUSED|TIMEOUT|UNREACHABLE)$|(ONCE|EFFECT)_TWICE$|EFFECT_NOT_RECORDED$|RESULT_NOT_JSON$|BATCH_(CHANGE_UNKNOWN|RESULTS)$|(POOL_EXHAUSTED|CHANGE_NOT_VISIBLE)$|ENQUEUER_CLOSED$)/;

function sources(part: string): string[] {
  const folder = join(ROOT, part, part.includes('/src') ? '' : 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && !/(\.test|-fixture)\.ts$/.test(path))
    .map(path => readFileSync(join(folder, path), 'utf8'));
}

describe('docs/guides/operations.md', () => {
  const explained = new Set([...page.matchAll(/<a id="([A-Z_]+)">/g)].map(([, code]) => code));

  it('explains every error that may end a process', () => {
    const codes = PARTS.flatMap(sources).flatMap(source =>
      [...source.matchAll(/(?:new WalmqError|lasting|passing)\(\s*'([A-Z_]+)'/g)].map(
        ([, code = '']) => code,
      ),
    );
    expect(codes.length).toBeGreaterThan(30);
    expect([...new Set(codes)].filter(code => !ELSEWHERE.test(code) && !explained.has(code))).toEqual([]);
  });

  it('explains every verdict of walmq status', () => {
    const codes = [...VERDICT_CODES, ...TABLE_FINDING_CODES];
    expect(codes.filter(code => !explained.has(code))).toEqual([]);
  });

  it('links to what there is', () => {
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, target = ''] of page.matchAll(/\]\(#([^)]+)\)/g))
      expect(headings.includes(target) || explained.has(target), target).toBe(true);
    for (const [, path = ''] of page.matchAll(/\]\(([^#)][^)#]*)(?:#[^)]*)?\)/g))
      expect(existsSync(join(ROOT, 'docs/guides', path)), path).toBe(true);
  });
});
