import { spawn } from 'node:child_process';

interface RunOptions {
  /** Working directory. Default: that of this process. */
  readonly folder?: string;
  /** True: the output is shown only if the program fails. */
  readonly quiet: boolean;
}

/** Runs a program to its end. Rejects if it does not end with exit code 0. */
export async function run(
  program: string,
  args: readonly string[],
  { folder, quiet }: RunOptions,
): Promise<void> {
  const child = spawn(program, args, {
    cwd: folder,
    // On Windows the package managers are scripts, which only a shell starts.
    shell: process.platform === 'win32' && program !== process.execPath,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', text => (output += text));
  const reason = await new Promise<string | undefined>(resolve => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  if (reason === undefined) return;
  const command = program === process.execPath ? 'walmq init' : [program, ...args].join(' ');
  throw new Error(
    `${gistOf(output)}"${command}" failed: ${reason}. Remove the cause (the network, the registry), then run it again.`,
  );
}

/** The first lines that name an error. Package managers print a page around them. */
function gistOf(output: string): string {
  const lines = output
    .split('\n')
    .filter(line => /\berr(or)?\b|ERR_|✖/i.test(line) && !/^\S+ error\s+at /.test(line));
  return lines
    .slice(0, 4)
    .map(line => `${line}\n`)
    .join('');
}
