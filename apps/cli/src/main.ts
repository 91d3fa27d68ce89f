import { WalmqError } from '@walmq/change';
import { Command, CommanderError } from 'commander';
import { acceptLossCommand } from './accept-loss.js';
import { type CommandIo, EXIT, messageOf } from './command.js';
import { setupCommand } from './setup.js';
import { sqlCommand } from './sql.js';

const io: CommandIo = { env: process.env, print: line => console.log(line) };

const program = new Command('walmq')
  .description('Committed PostgreSQL changes as BullMQ jobs.')
  .addHelpText('after', '\nEnvironment: DATABASE_URL, REDIS_URL, WALMQ_CONFIG (default: walmq.config.ts)')
  .exitOverride();

program
  .command('setup')
  .description('prepare the database: publication, slot, replica identity, own tables; safe to run again')
  .option('--shop', "also make the reference shop's tables")
  .action((options: { shop?: boolean }) => setupCommand(io, options));

program
  .command('sql')
  .description('run one SQL statement, where there is no psql')
  .argument('<statement>', `e.g. "UPDATE orders SET status = 'paid' WHERE id = 1"`)
  .action((statement: string) => sqlCommand(io, statement));

program
  .command('accept-loss')
  .description('after Redis or the slot lost changes: go on from the slot without them')
  .option('--yes', 'really do it')
  .action((options: { yes?: boolean }) => acceptLossCommand(io, options));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  console.error(error instanceof WalmqError ? error.sentence : messageOf(error));
  return EXIT.failed;
}
