import { onStopSignals } from '@walmq/runtime';
import { runProgram } from './program.js';
import { askOnTerminal } from './terminal/ask.js';

const INTERRUPTED = 130;

// `walmq ... | head` closes the pipe once it has enough lines. This is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
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
