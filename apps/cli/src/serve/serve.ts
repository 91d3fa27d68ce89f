import type { Command } from 'commander';
import { examples, type Host } from '../terminal/help.js';
import { envWithPort, portOption } from './port-option.js';

export function addCapture(program: Command, { io }: Host): void {
  program
    .command('capture')
    .description('run capture until SIGTERM: committed changes become jobs')
    .addOption(portOption())
    .addHelpText(
      'after',
      examples(
        ['walmq capture', 'one process per slot; a second one stands by'],
        ['walmq capture --port 0', 'on any free port'],
      ),
    )
    .action(async ({ port }: { port?: string }) => {
      const { runCapture } = await import('@walmq/capture');
      await runCapture({ env: envWithPort(io, port) });
    });
}

export function addDashboard(program: Command, { io }: Host): void {
  const dashboard = program
    .command('dashboard')
    .description('run the dashboard until SIGTERM: the pipeline page and Bull Board')
    .addOption(portOption())
    .addHelpText(
      'after',
      examples(
        ['walmq dashboard', 'at http://127.0.0.1:9100'],
        ['WALMQ_HOST=0.0.0.0 walmq dashboard', 'for other machines; it then asks for users'],
      ),
    )
    .action(async ({ port }: { port?: string }) => {
      const { runDashboard } = await import('@walmq/dashboard');
      await runDashboard({ env: envWithPort(io, port) });
    });
  dashboard
    .command('user <name> <role>')
    .description(
      'print the line of a users file for one user; asks for the password, or reads it from a pipe',
    )
    .addHelpText('after', examples(['walmq dashboard user ann operator >> users', 'or: read-only']))
    .action(async (name: string, role: string) => {
      const { userLine } = await import('@walmq/dashboard/user-line');
      io.print(await userLine(name, role));
    });
}
