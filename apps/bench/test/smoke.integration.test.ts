import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../src/cases/measurement.js';

const BENCH = join(import.meta.dirname, '..', 'bin', 'bench.js');

/** The programs that need nothing from elsewhere. What is measured here has no meaning: it shows that everything runs. */
describe('the benchmark', () => {
  let folder: string;
  let report: Report;
  let printed: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'walmq-bench-test-'));
    const args = [BENCH, '--smoke', '--out', folder];
    printed = (await promisify(execFile)(process.execPath, args)).stdout;
    const file = (await readdir(folder)).find(name => name.endsWith('.json')) as string;
    report = JSON.parse(await readFile(join(folder, file), 'utf8')) as Report;
  }, 600_000);
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const contendersOf = (results: readonly { readonly contender: string }[]) =>
    [...new Set(results.map(({ contender }) => contender))].sort();

  it('brings a backlog to Redis and to its effects with every program', () => {
    expect(contendersOf(report.arrivals)).toEqual(['glue', 'postgres', 'redis', 'walmq', 'walmq-tuned']);
    expect(contendersOf(report.effects)).toEqual(['batch', 'bullmq', 'glue', 'walmq', 'walmq-tuned']);
    for (const { runs } of [...report.arrivals, ...report.effects])
      for (const { changes, seconds } of runs) expect(Math.min(changes, seconds)).toBeGreaterThan(0);
  });

  it('finds every change between its commit, Redis, its handler and its end', () => {
    expect(contendersOf(report.latency)).toEqual(['batch', 'glue', 'walmq']);
    for (const { runs } of report.latency)
      for (const { changes, arrived, begun, ended } of runs) {
        expect(changes).toBe(50);
        expect(arrived?.p50).not.toBeNull();
        expect(begun.p50).toBeGreaterThan(0);
        expect(ended.p50).toBeGreaterThanOrEqual(begun.p50);
      }
  });

  it('sees the flow go on after each kill', () => {
    const victims = report.recovery.map(result => result.case);
    expect(victims).toEqual(['capture', 'worker', 'redis', 'postgres'].map(name => `recovery-${name}`));
    for (const { runs } of report.recovery) expect(runs.flatMap(({ flowMs }) => flowMs)).toHaveLength(1);
  });

  it('weighs the transaction of the writer, and prints the tables', () => {
    expect(contendersOf(report.writer)).toEqual(['postgres', 'walmq']);
    expect(printed).toContain('| contender | p50 ms |');
  });
});
