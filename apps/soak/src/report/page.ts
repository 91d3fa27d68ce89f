import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LongResult } from '../long/run-long.js';
import { sentenceOf } from '../long/sentence.js';
import type { RoundResult } from '../run/run-round.js';
import { SoakError } from '../soak-error.js';
import { readResults } from './read-results.js';
import { type Summary, summaryOf } from './summary.js';

const PAGE = fileURLToPath(new URL('../../../../docs/reference/soak.md', import.meta.url));
const SUMMARY = fileURLToPath(new URL('../../results/summary.json', import.meta.url));

/**
 * Writes results into the documentation: files of rounds (.jsonl) and of the long form (.json). Parts without a file stay as they
 * are. Resolves to the names of the parts that it wrote. Throws SOAK_RESULTS.
 */
export async function writePage(files: readonly string[]): Promise<string[]> {
  const parts = new Map<string, string>();
  const rounds: RoundResult[] = [];
  for (const file of files) {
    if (file.endsWith('.jsonl')) rounds.push(...(await readResults(file)));
    else parts.set('long', longText(await readLong(file)));
  }
  if (rounds.length > 0) {
    const summary = summaryOf(rounds);
    parts.set('rounds', roundsText(summary, rounds));
    await mkdir(dirname(SUMMARY), { recursive: true });
    await writeFile(SUMMARY, `${JSON.stringify(summary, null, 2)}\n`);
  }
  if (parts.size === 0)
    throw new SoakError('SOAK_RESULTS', `${files.join(', ')}: no result of a round is in there.`);
  await writeFile(PAGE, fillPage(await readFile(PAGE, 'utf8'), parts));
  return [...parts.keys()];
}

async function readLong(file: string): Promise<LongResult> {
  const result = JSON.parse(await readFile(file, 'utf8')) as Partial<LongResult>;
  if (result.verdicts) return result as LongResult;
  throw new SoakError('SOAK_RESULTS', `${file} is no result of --long.`);
}

/** Replaces what stands between `<!-- soak: name -->` and `<!-- soak end -->`. Throws SOAK_RESULTS for a part without a place. */
export function fillPage(page: string, parts: ReadonlyMap<string, string>): string {
  let text = page;
  for (const [name, part] of parts) {
    const place = new RegExp(`(<!-- soak: ${name} -->\n)[\\s\\S]*?(<!-- soak end -->)`);
    if (!place.test(text)) throw new SoakError('SOAK_RESULTS', `the page has no place for ${name}.`);
    text = text.replace(place, (_, begin: string, end: string) => `${begin}\n${part}\n\n${end}`);
  }
  return text;
}

export function roundsText(summary: Summary, rounds: readonly RoundResult[]): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const days = [...new Set(rounds.map(({ startedAt }) => startedAt.slice(0, 10)))].sort();
  const topologies = countsOf(rounds.map(({ topology }) => topology));
  const failed = rounds.filter(({ faults }) => faults.length > 0);
  return [
    `${number(summary.rounds)} rounds (${days[0]} to ${days.at(-1)}): ${number(summary.acts)} faults and operations, ` +
      `${number(summary.changes)} committed changes, ${number(summary.jobs)} jobs, ${number(summary.effects)} effects. ` +
      `The slot was compared with the checkpoints ${number(summary.looks)} times. ` +
      (failed.length === 0
        ? 'No round failed.'
        : `${failed.length} rounds failed: ${failed.map(({ seed }) => seed).join(', ')}.`) +
      (summary.skipped === 0
        ? ''
        : ` ${summary.skipped} times \`disk-full\` was left out, for want of the right to mount.`),
    '',
    '| servers | rounds |',
    '| --- | --- |',
    ...[...topologies].sort().map(([name, count]) => `| ${name} | ${number(count)} |`),
    '',
    'Milliseconds from the end of the fault to the next effect:',
    '',
    '| fault | measured | p50 | p99 | longest |',
    '| --- | --- | --- | --- | --- |',
    ...summary.recovery.map(
      ({ act, count, p50, p99, max }) =>
        `| ${act} | ${number(count)} | ${number(p50)} | ${number(p99)} | ${number(max)} |`,
    ),
  ].join('\n');
}

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

export function longText({ changes, effects, seconds, verdicts, keys, faults }: LongResult): string {
  return [
    `${changes.toLocaleString('en-US')} changes, ${effects.toLocaleString('en-US')} effects, in ${Math.round(seconds / 60)} minutes. ` +
      (faults.length === 0
        ? 'Everything is flat, and every key is explained.'
        : `Faults: ${faults.join('; ')}.`),
    '',
    '| | after the warm-up |',
    '| --- | --- |',
    ...verdicts.map(verdict => {
      const [name, ...rest] = sentenceOf(verdict).split(': ');
      return `| ${name} | ${rest.join(': ')} |`;
    }),
    '',
    'Keys in Redis after the queues have run dry:',
    '',
    '| key | number | what it is |',
    '| --- | --- | --- |',
    ...keys.groups.map(
      ({ what, count, why }) => `| \`${what.replaceAll('|', '\\|')}\` | ${count} | ${why} |`,
    ),
  ].join('\n');
}
