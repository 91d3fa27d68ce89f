import { resolve } from 'node:path';
import { importWorker, type ReadyWorker } from '@walmq/config';
import type { Command } from 'commander';
import { type CommandIo, configOf } from '../terminal/command.js';
import { examples, type Host } from '../terminal/help.js';
import { appOf } from './app-of.js';
import { chooseWorker, type ProjectWorker } from './choose-worker.js';
import { envWithPort, portOption } from './port-option.js';
import { type AnyApp, together } from './together.js';

/** walmq's own workers. Each is loaded only when it runs. */
const READY: Readonly<Record<ReadyWorker, () => Promise<AnyApp>>> = {
  webhooks: async () => erased((await import('@walmq/webhook-worker')).webhookApp),
  audit: async () => erased((await import('@walmq/audit-worker')).auditApp),
  'change-log': async () => erased((await import('@walmq/change-log-worker')).changeLogApp),
};

export function addWorker(program: Command, { io }: Host): void {
  program
    .command('worker')
    .description('run a worker until SIGTERM: a name of "workers" in the configuration, or a file')
    .argument('<worker...>', 'names or files; also webhooks, audit, change-log')
    .addOption(portOption())
    .addHelpText(
      'after',
      examples(
        ['walmq worker payments', 'the file that "workers" names'],
        ['walmq worker src/workers/payments.ts', 'any file with a worker as its default export'],
        ['walmq worker payments emails', 'both in one process, for a small machine'],
        ['walmq worker audit --port 0', 'a worker of walmq, on any free port'],
      ),
    )
    .action((wanted: string[], options: { port?: string }) => workerCommand(io, wanted, options));
}

/** `walmq worker`: resolves when the workers have started. The process ends at a signal or a fault. */
async function workerCommand(
  io: CommandIo,
  wanted: readonly string[],
  options: { readonly port?: string },
): Promise<void> {
  const config = await configOf(io);
  const configFile = resolve(io.env.WALMQ_CONFIG || 'walmq.config.ts');
  const chosen = [...new Set(wanted)].map(each => chooseWorker(each, config, configFile));
  const apps: AnyApp[] = [];
  for (const each of chosen) apps.push(await (typeof each === 'string' ? READY[each]() : load(each)));
  const app = together(apps as [AnyApp, ...AnyApp[]]);
  const { runWorkerApp } = await import('@walmq/worker');
  await runWorkerApp(app, { env: envWithPort(io, options.port), config });
}

async function load({ name, file, port }: ProjectWorker): Promise<AnyApp> {
  const app = appOf(await importWorker(file), file);
  return { name, defaultPort: port, needs: ['database', 'redis'], ...app };
}

/** An app reads the variables that its own schema has checked, so its types may be forgotten here. */
function erased(app: unknown): AnyApp {
  return app as AnyApp;
}
