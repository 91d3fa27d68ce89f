import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../cases/bench-error.js';
import type { Report, ResultOf } from '../cases/measurement.js';
import { renderChart } from './chart.js';
import { tablesOf } from './tables.js';

const DOCS = fileURLToPath(new URL('../../../../docs', import.meta.url));
const PAGE = join(DOCS, 'reference', 'benchmark.md');
const CHART = join(DOCS, 'images', 'benchmark.svg');

/** Writes the tables and the chart of these results into the documentation. Resolves to the names of the parts that it wrote. */
export async function writePage(files: readonly string[]): Promise<string[]> {
  const reports = await Promise.all(files.map(readReport));
  const report = reports.reduce(merge);
  const parts = new Map([['machine', machineText(report)], ...tablesOf(report)]);
  const { text, written } = fillPage(await readFile(PAGE, 'utf8'), parts);
  await writeFile(PAGE, text);
  await writeFile(CHART, renderChart(report));
  return written;
}

async function readReport(file: string): Promise<Report> {
  const report = JSON.parse(await readFile(file, 'utf8')) as Partial<Report>;
  if (report.arrivals) return report as Report;
  throw new BenchError('BENCH_PAGE', `${file} is the result of an older version.`, {
    remedy: 'Measure again.',
  });
}

/**
 * Replaces what stands between `<!-- bench: name -->` and `<!-- bench end -->`. Leaves a place without a part as it is.
 * Throws BENCH_PAGE for a part that has no place.
 */
export function fillPage(
  page: string,
  parts: ReadonlyMap<string, string>,
): { readonly text: string; readonly written: string[] } {
  const written: string[] = [];
  const text = page.replace(
    /(<!-- bench: ([a-z ]+) -->\n)[\s\S]*?(<!-- bench end -->)/g,
    (whole, begin: string, name: string, end: string) => {
      const part = parts.get(name);
      if (part === undefined) return whole;
      written.push(name);
      return `${begin}\n${part}\n${end}`;
    },
  );
  const lost = [...parts.keys()].filter(name => !written.includes(name));
  if (lost.length === 0) return { text, written };
  throw new BenchError('BENCH_PAGE', `the page has no place for: ${lost.join(', ')}.`, {
    remedy: 'Write the lines <!-- bench: name --> and <!-- bench end --> into docs/reference/benchmark.md.',
  });
}

/** All results of both. Those of `later` replace those of the same case, contender and durability. */
function merge(earlier: Report, later: Report): Report {
  const both = <Run>(first: readonly ResultOf<Run>[], second: readonly ResultOf<Run>[]) => {
    const nameOf = (of: ResultOf<Run>) => [of.case, of.contender, of.durability].join();
    const names = new Set(second.map(nameOf));
    return [...first.filter(result => !names.has(nameOf(result))), ...second];
  };
  const names = new Set(later.cases.map(({ name }) => name));
  return {
    ...later,
    skipped: [...new Set([...earlier.skipped, ...later.skipped])],
    cases: [...earlier.cases.filter(({ name }) => !names.has(name)), ...later.cases],
    arrivals: both(earlier.arrivals, later.arrivals),
    effects: both(earlier.effects, later.effects),
    latency: both(earlier.latency, later.latency),
    recovery: both(earlier.recovery, later.recovery),
    writer: both(earlier.writer, later.writer),
  };
}

function machineText({ machine, rounds, startedAt, skipped }: Report): string {
  const { cpu, cores, memoryBytes, node, postgres, redis, packages } = machine;
  const facts = [
    `Measured on ${startedAt.slice(0, 10)} in ${rounds === 1 ? 'one round' : `${rounds} rounds`}: ${cores} cores (${cpu}),`,
    `${Math.round(memoryBytes / 1024 ** 3)} GB of memory, Node.js ${node.slice(1)}, PostgreSQL ${postgres}, Redis ${redis},`,
    `BullMQ ${packages.bullmq}.`,
  ];
  return `${[...facts, ...skipped].join('\n')}\n`;
}
