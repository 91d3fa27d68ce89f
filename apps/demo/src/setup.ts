import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { DemoError } from './demo-error.js';

/** Runs the shop's set-up: tables, publication, slot. Throws DEMO_SETUP with the output of the program. */
export function setUpDatabase(options: {
  root: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}): Promise<void> {
  const { root, env, signal } = options;
  const program = join(root, 'packages', 'shop', 'bin', 'shop-setup.js');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program], { cwd: root, env, signal }, (error, out, err) => {
      if (!error) return resolve();
      reject(
        new DemoError('DEMO_SETUP', `the set-up of the shop failed: ${(err || out || error.message).trim()}`),
      );
    });
  });
}
