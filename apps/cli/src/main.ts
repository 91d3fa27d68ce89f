import { existsSync } from 'node:fs';
import { endAtEarlySignal } from '@walmq/runtime/signals';

/** Commands that run until a signal or a fault ends the process. */
const SERVICES = ['capture', 'dashboard', 'worker'];

const args = process.argv.slice(2);
const isService = SERVICES.includes(args[0] ?? '');
if (isService) endAtEarlySignal();
// Variables that are set already stay as they are.
if (existsSync('.env')) process.loadEnvFile();
const { runCommand } = await import('./run-command.js');
await runCommand(args, { isService });
