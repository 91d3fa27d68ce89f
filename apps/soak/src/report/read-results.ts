import { readFile } from 'node:fs/promises';
import type { RoundResult } from '../run/run-round.js';

/** Results of an earlier run. A line that was cut off when the run ended is left out. */
export async function readResults(file: string | undefined): Promise<RoundResult[]> {
  const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap(line => {
    try {
      return [JSON.parse(line) as RoundResult];
    } catch {
      return [];
    }
  });
}
