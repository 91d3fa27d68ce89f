import { CodedError } from '@walmq/change';
import { HELP, readArguments } from './cases/arguments.js';
import { BenchError } from './cases/bench-error.js';
import { planCases } from './cases/plan.js';
import { runBench } from './measure/run.js';
import { saveReport } from './report/save.js';
import { renderTables } from './report/tables.js';

process.exitCode = await main();

async function main(): Promise<number> {
  const print = (line: string) => console.log(line);
  try {
    const args = readArguments(process.argv.slice(2));
    if (args.help) {
      print(HELP);
      return 0;
    }
    if (planCases(args).length === 0)
      throw new BenchError('BENCH_ARGUMENTS', `no case is named like ${args.only.join(', ')}.`, {
        remedy: 'See npm run bench -- --help.',
      });
    const report = await runBench({ args, print });
    print(`\n${renderTables(report)}`);
    for (const file of await saveReport(report)) print(`Saved ${file}`);
    return 0;
  } catch (error) {
    console.error(error instanceof CodedError ? error.sentence : error);
    return 1;
  }
}
