import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WalmqError } from '@walmq/change';
import { install } from '../init/install.js';
import { type PackageManager, packageManagerOf } from '../init/look/package-manager.js';
import { readProject } from '../init/look/project.js';
import { setMember } from '../init/plan/edit-json.js';
import type { CommandIo } from '../terminal/command.js';
import { EMBEDDED } from './servers.js';

const ADD: Readonly<Record<PackageManager, string>> = {
  npm: 'npm install --save-dev',
  pnpm: 'pnpm add --save-dev',
  yarn: 'yarn add --dev',
};

/**
 * Adds @walmq/embedded to the project's development dependencies, with its own package manager, if the user agrees. A failed
 * installation leaves package.json as it was. Throws EMBEDDED_MISSING or INSTALL_FAILED.
 */
export async function installEmbedded(options: {
  readonly io: CommandIo;
  readonly root: string;
  readonly missing: readonly string[];
  readonly yes: boolean;
  /** The version of this command. */
  readonly version: string;
}): Promise<void> {
  const { io, root, missing, yes, version } = options;
  const manager = packageManagerOf(await readProject(root), io.env.npm_config_user_agent);
  const command = `${ADD[manager]} ${EMBEDDED}@^${version}`;
  const fact = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set, and ${EMBEDDED}, which brings ${missing.length === 1 ? 'a server' : 'the servers'}, is not installed.`;
  const answer = yes ? 'y' : await io.ask?.(`${fact}\nInstall it with "${command}"? (Y/n) `);
  if (answer === undefined || !/^(y(es)?)?$/i.test(answer.trim()))
    throw new WalmqError('EMBEDDED_MISSING', fact, {
      remedy: `Run "${command}", or add --yes, or set ${missing.join(' and ')}, also in the file .env.`,
    });
  io.print(`Installing with "${command}" ...`);
  const file = join(root, 'package.json');
  const before = await readFile(file, 'utf8');
  await writeFile(
    file,
    setMember(before, { section: 'devDependencies', name: EMBEDDED, value: `^${version}`, sorted: true }),
  );
  try {
    await install(manager, { folder: root, env: io.env });
  } catch (cause) {
    await writeFile(file, before);
    if (!(cause instanceof WalmqError)) throw cause;
    throw new WalmqError('INSTALL_FAILED', cause.message, {
      remedy:
        'Nothing was changed. Check the network and the registry, or set the variables to servers of your own.',
      cause,
    });
  }
}
