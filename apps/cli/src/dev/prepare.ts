import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WalmqConfig } from '@walmq/config';
import { launch } from '@walmq/supervise';
import { withDatabase } from '../terminal/connect.js';
import type { PartHost } from './part.js';
import { setupArguments } from './parts.js';

const SETUP_AGAIN_MS = 2000;
const KILL_AFTER_MS = 2000;

/** The file of `dev.schema`. Undefined if it is a command, or nothing. */
export function schemaFile({ dev }: Pick<WalmqConfig, 'dev'>, root: string): string | undefined {
  return dev.schema !== undefined && /^\S+\.sql$/.test(dev.schema) ? resolve(root, dev.schema) : undefined;
}

/** Brings the schema up to date: runs the file, or the command. Resolves to false if that fails, after it has said why. */
export async function applySchema(config: WalmqConfig, host: PartHost): Promise<boolean> {
  const { schema } = config.dev;
  const { root, env, screen, watchdog, signal } = host;
  if (schema === undefined) return true;
  const file = schemaFile(config, root);
  if (file !== undefined) {
    try {
      const text = await readFile(file, 'utf8');
      await withDatabase(env.DATABASE_URL as string, client => client.query(text));
      screen.say('schema', `${schema} has run`);
      return true;
    } catch (error) {
      screen.fail('schema', `${schema}: ${(error as Error).message}`);
      return false;
    }
  }
  screen.say('schema', schema);
  const running = launch({
    command: '/bin/sh',
    args: ['-c', schema],
    cwd: root,
    env,
    watchdog,
    onLine: line => screen.show('schema', line),
  });
  const stop = () => void running.stop(KILL_AFTER_MS);
  signal.addEventListener('abort', stop);
  const ending = await running.ended;
  signal.removeEventListener('abort', stop);
  if (ending !== 'exit code 0' && !signal.aborted) screen.fail('schema', `"${schema}" failed (${ending})`);
  return ending === 'exit code 0';
}

/**
 * Runs `walmq setup` until it succeeds: a table that is missing is perhaps still to be made. Says each new reason once.
 * Returns early when the signal is aborted.
 */
export async function setUp(config: WalmqConfig, host: PartHost): Promise<void> {
  const { program, root, env, screen, signal } = host;
  let said = '';
  while (!signal.aborted) {
    const { code, output } = await run(program, setupArguments(config), { cwd: root, env, signal });
    if (signal.aborted) return;
    const lines = output.split('\n').filter(line => line !== '' && !line.startsWith('ok '));
    const text = lines.join('\n');
    if (code === 0) {
      if (text !== '') screen.say('setup', text);
      screen.say('setup', 'the database is prepared');
      return;
    }
    if (text !== said) screen.fail('setup', `${text}\nTrying again until it succeeds.`);
    said = text;
    await delay(SETUP_AGAIN_MS, undefined, { signal }).catch(() => {});
  }
}

async function run(
  program: string,
  args: readonly string[],
  { cwd, env, signal }: { cwd: string; env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', text => (output += text));
  return await new Promise(resolve => {
    // Aborted: the process is killed, and the caller looks at the signal.
    child.on('error', error => resolve({ code: null, output: error.message }));
    child.on('close', code => resolve({ code, output }));
  });
}
