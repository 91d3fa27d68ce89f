import { CodedError } from '@walmq/change';
import { HELP, readArguments } from './cases/arguments.js';
import { BenchError } from './cases/bench-error.js';
import { planCases } from './cases/plan.js';
import { checkCheckout } from './load/readers.js';
import { runBench } from './measure/run.js';
import { installPeers } from './peers/install.js';
import { writePage } from './report/page.js';
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
    if (args.writePage.length > 0) {
      print(`Wrote: ${(await writePage(args.writePage)).join(', ')}`);
      return 0;
    }
    if (planCases(args).length === 0)
      throw new BenchError('BENCH_ARGUMENTS', `no case is named like ${args.only.join(', ')}.`, {
        remedy: 'See npm run bench -- --help.',
      });
    if (args.against !== undefined) checkCheckout(args.against);
    const { without, reasons } = await installPeers(args.contenders, print);
    for (const reason of reasons) print(reason);
    if (args.install) return 0;
    const contenders = args.contenders.filter(contender => !without.has(contender));
    const report = await runBench({ args: { ...args, contenders }, print }, reasons);
    print(`\n${renderTables(report)}`);
    for (const file of await saveReport(report, args.out)) print(`Saved ${file}`);
    return 0;
  } catch (error) {
    console.error(error instanceof CodedError ? error.sentence : error);
    return 1;
  }
}
