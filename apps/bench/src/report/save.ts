import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../cases/measurement.js';
import { renderChart } from './chart.js';

const RESULTS = fileURLToPath(new URL('../../results', import.meta.url));

/** Writes the figures as JSON and the chart as SVG. The time of the run is in their names. Resolves to their paths. */
export async function saveReport(report: Report, folder = RESULTS): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const base = join(folder, report.startedAt.slice(0, 19).replaceAll(':', ''));
  await writeFile(`${base}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${base}.svg`, renderChart(report));
  return [`${base}.json`, `${base}.svg`].map(path => relative(process.cwd(), path));
}
