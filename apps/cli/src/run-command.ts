import { onStopSignals } from '@walmq/runtime/signals';
import { runProgram } from './program.js';
import { askOnTerminal } from './terminal/ask.js';

const INTERRUPTED = 130;

/** Runs the command that the arguments name. A service goes on running after that. */
export async function runCommand(
  args: readonly string[],
  { isService }: { isService: boolean },
): Promise<void> {
  // `walmq ... | head` closes the pipe once it has enough lines. This is not an error. A service drains first.
  if (!isService)
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  const code = await runProgram(args, {
    env: process.env,
    colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
    isTerminal: process.stdout.isTTY === true,
    interrupted: () => {
      const stopping = new AbortController();
      onStopSignals({ stop: () => stopping.abort(), hurry: () => process.exit(INTERRUPTED) });
      return stopping.signal;
    },
    ask: process.stdin.isTTY && process.stderr.isTTY ? askOnTerminal : undefined,
    draw: line => process.stdout.write(`\r\u001b[K${line}`),
    print: line => console.log(line),
    printError: line => console.error(line),
  });
  // What a worker file has opened while it was loaded must not keep a process alive that has failed.
  if (isService && code !== 0) process.exit(code);
  process.exitCode = code;
}
