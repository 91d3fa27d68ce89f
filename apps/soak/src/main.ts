import { writeFile } from 'node:fs/promises';
import { CodedError } from '@walmq/change';
import { HELP, readArguments } from './command/arguments.js';
import { roundsOf, runRounds } from './command/run-rounds.js';
import { runLong } from './long/run-long.js';
import { printRound } from './plan/print-round.js';
import { renderLong } from './report/long.js';
import { writePage } from './report/page.js';
import { renderSummary, summaryOf } from './report/summary.js';

process.exitCode = await main();

async function main(): Promise<number> {
  const print = (line: string) => console.log(line);
  try {
    const args = readArguments(process.argv.slice(2), Date.now());
    if (args.help) {
      print(HELP);
      return 0;
    }
    if (args.report.length > 0) {
      print(`Wrote: ${(await writePage(args.report)).join(', ')}`);
      return 0;
    }
    if (args.print) {
      for (const round of roundsOf(args)) print(printRound(round));
      return 0;
    }
    if (args.long !== undefined) {
      const result = await runLong({ changes: args.long, print });
      if (args.file !== undefined) await writeFile(args.file, `${JSON.stringify(result)}\n`);
      print(renderLong(result));
      return result.faults.length > 0 ? 1 : 0;
    }
    print(`Soak of seed ${args.seed}`);
    const results = await runRounds(args, print);
    const summary = summaryOf(results);
    print(`\n${renderSummary(summary)}`);
    return summary.failed > 0 ? 1 : 0;
  } catch (error) {
    console.error(error instanceof CodedError ? error.sentence : error);
    return 1;
  }
}
