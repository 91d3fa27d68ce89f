import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';

/** On the terminal that the command was typed into; Ctrl+C and Ctrl+D answer nothing. */
export async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await Promise.race([terminal.question(question), once(terminal, 'close').then(() => '')]);
  } finally {
    terminal.close();
  }
}
