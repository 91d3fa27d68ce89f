import { createInterface } from 'node:readline/promises';

/** Asks on the command's terminal. Rejects at Ctrl+C and Ctrl+D. */
export async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
