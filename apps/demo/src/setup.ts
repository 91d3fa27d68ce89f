import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DemoError } from './demo-error.js';

/** Runs `walmq setup --shop`: tables, publication, slot. Throws DEMO_SETUP with what it said. */
export function setUpDatabase(options: {
  root: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}): Promise<void> {
  const { root, env, signal } = options;
  const program = join(root, 'apps', 'cli', 'bin', 'walmq.js');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, 'setup', '--shop'],
      { cwd: root, env, signal },
      (error, out, err) => {
        if (!error) return resolve();
        reject(new DemoError('DEMO_SETUP', `walmq setup failed: ${(err || out || error.message).trim()}`));
      },
    );
  });
}
