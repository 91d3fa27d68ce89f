import { CodedError, messageOf } from '@walmq/change';
import { redact, versionBeside } from '@walmq/runtime';
import { Command, CommanderError } from 'commander';
import { addAcceptLoss } from './accept-loss.js';
import { addAlert } from './alert/alert.js';
import { addBackfill } from './backfill/backfill.js';
import { addCompletion } from './completion.js';
import { addDev } from './dev/dev.js';
import { addDoctor } from './doctor/doctor.js';
import { addDiscard } from './failed/discard.js';
import { addFailed } from './failed/list.js';
import { addReplay } from './failed/replay.js';
import { addInit } from './init/init.js';
import { addLog } from './log/log.js';
import { addCorrect } from './mend/correct.js';
import { addPauseKey, addResumeKey } from './mend/pause-key.js';
import { addRewind } from './rewind/rewind.js';
import { addCapture, addDashboard } from './serve/serve.js';
import { addWorker } from './serve/worker.js';
import { addSetup } from './setup.js';
import { addSkip } from './skip.js';
import { addStatus } from './status/status.js';
import { addTeardown } from './teardown/teardown.js';
import { type CommandIo, EXIT } from './terminal/command.js';
import { documentation, ENVIRONMENT, EXIT_CODES, type Host } from './terminal/help.js';
import { addSql } from './terminal/sql.js';
import { addTrace } from './trace/trace.js';
import { addTypes } from './types/types.js';

/** Functions that register one command each, in the order of the help. */
const COMMANDS: readonly ((program: Command, host: Host) => void)[] = [
  addInit,
  addSetup,
  addDev,
  addCapture,
  addWorker,
  addDashboard,
  addDoctor,
  addStatus,
  addAlert,
  addTrace,
  addFailed,
  addReplay,
  addDiscard,
  addCorrect,
  addPauseKey,
  addResumeKey,
  addLog,
  addBackfill,
  addRewind,
  addTypes,
  addSql,
  addAcceptLoss,
  addSkip,
  addTeardown,
  addCompletion,
];

/** Runs the command line. Resolves to the exit code and never rejects. */
export async function runProgram(args: readonly string[], io: CommandIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = commandLine(io, code => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    io.printError(redact(error instanceof CodedError ? error.sentence : messageOf(error)));
    return EXIT.failed;
  }
}

function commandLine(io: CommandIo, exit: (code: number) => void): Command {
  const program = new Command('walmq')
    .description('Turns committed PostgreSQL changes into BullMQ jobs.')
    .version(versionBeside(import.meta.url), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', ENVIRONMENT)
    .configureOutput({
      writeOut: text => io.print(text.trimEnd()),
      writeErr: text => io.printError(text.trimEnd()),
    })
    .exitOverride();

  for (const add of COMMANDS) add(program, { io, exit });
  for (const command of program.commands) {
    command.addHelpText('after', EXIT_CODES);
    command.addHelpText('after', documentation(command.name()));
  }
  return program;
}
