import type { Command } from 'commander';
import { examples, type Host } from '../terminal/help.js';
import type { AlertOptions } from './alert-command.js';

export function addAlert(program: Command, { io, exit }: Host): void {
  program
    .command('alert')
    .description(
      'tell the targets of "alerts" what the status finds wrong; exit code 1 if a message was not sent',
    )
    .option('--watch', 'look again and again until SIGTERM')
    .option('--test', 'send a test message to each target')
    .addHelpText(
      'after',
      examples(
        ['walmq alert --test', 'do messages arrive?'],
        ['walmq alert --watch', 'where no dashboard runs: a dashboard watches too'],
        ['walmq alert', 'one look, for cron'],
      ),
    )
    .action(async (options: AlertOptions) => {
      const { alertCommand } = await import('./alert-command.js');
      exit(await alertCommand(io, options));
    });
}
