import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** A line typed without being shown, or the first line of piped input. */
export async function askPassword(question: string): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY !== true) return await firstLine(stdin);
  stderr.write(question);
  // Discards what readline would echo.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output, terminal: true });
  const interrupted = new AbortController();
  lines.on('SIGINT', () => interrupted.abort());
  try {
    return await lines.question('', { signal: interrupted.signal });
  } finally {
    lines.close();
    stderr.write('\n');
  }
}

async function firstLine(input: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of input.setEncoding('utf8')) text += chunk as string;
  return text.split(/\r?\n/)[0] ?? '';
}
