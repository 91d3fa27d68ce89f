import { onStopSignals } from '@walmq/runtime/signals';
import type { Command } from 'commander';
import { examples, type Host } from '../terminal/help.js';

const INTERRUPTED = 130;

export function addDev(program: Command, { io }: Host): void {
  program
    .command('dev')
    .description('run the whole project in one terminal until Ctrl+C, and restart what you save')
    .option('--yes', 'install @walmq/embedded without a question, if a server is missing')
    .addHelpText(
      'after',
      examples(
        ['walmq dev', 'with the servers of DATABASE_URL and REDIS_URL, also from .env, or embedded ones'],
        ['walmq dev --yes', 'for a script: asks nothing'],
      ),
    )
    .action(async ({ yes = false }: { yes?: boolean }) => {
      const { runDev } = await import('./run-dev.js');
      const stopping = new AbortController();
      // After a second signal the watchdogs end what still runs.
      onStopSignals({ stop: () => stopping.abort(), hurry: () => process.exit(INTERRUPTED) });
      // The reader of this terminal is gone, so nobody can press Ctrl+C.
      process.stdout.on('error', () => stopping.abort());
      await runDev({
        io,
        root: process.cwd(),
        yes,
        version: program.version() as string,
        signal: stopping.signal,
      });
    });
}
