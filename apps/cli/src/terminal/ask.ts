import { createInterface } from 'node:readline/promises';

/** On the terminal that the command was typed into; Ctrl+C and Ctrl+D reject. */
export async function askOnTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
