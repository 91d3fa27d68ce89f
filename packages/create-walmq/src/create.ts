import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { newManifest, programOf } from './manifest.js';
import { addArguments, callerOf, ownFiles } from './package-manager.js';
import { run } from './run.js';

/** What the process knows, passed in for tests. */
export interface Surroundings {
  readonly version: string;
  readonly nodeVersion: string;
  readonly userAgent: string | undefined;
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
}

/** Files that a new repository may have: none of them is written. */
const HARMLESS = [
  '.git',
  '.gitattributes',
  '.gitignore',
  '.DS_Store',
  '.idea',
  '.vscode',
  'LICENSE',
  'README.md',
  'Thumbs.db',
];
const USAGE = `Usage: npm create walmq [folder] [-- options of "walmq init", e.g. --docker]

Creates a project in an empty folder: a schema, walmq.config.ts, a worker with its test, scripts.`;

/** Creates the project in the folder, or leaves the folder as it was. Resolves to the exit code. */
export async function create(
  args: readonly string[],
  { print, printError, ...given }: Surroundings,
): Promise<number> {
  const [first = '.', ...others] = args;
  if (first === '--help' || first === '-h') {
    print(USAGE);
    return 0;
  }
  const hasFolder = !first.startsWith('-');
  const folder = resolve(hasFolder ? first : '.');
  const mistake = olderNode(given.nodeVersion) ?? unfitFolder(folder);
  if (mistake !== undefined) {
    printError(mistake);
    return 1;
  }
  const caller = callerOf(given.userAgent);
  const undo = remember(folder);
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(ownFiles(caller, majorOf(given.nodeVersion))))
      writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'package.json'), newManifest(folder));
    print(`Installing walmq with ${caller.manager} ...`);
    await run(caller.manager, addArguments(caller, `walmq@^${given.version}`), { folder, quiet: true });
    const init = ['init', folder, '--example', '--yes', '--package-manager', caller.manager];
    await run(process.execPath, [programOf(folder, 'walmq'), ...init, ...(hasFolder ? others : args)], {
      quiet: false,
    });
    return 0;
  } catch (error) {
    undo();
    printError(`${(error as Error).message}\nNothing was created.`);
    return 1;
  }
}

function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}

const OLDEST_NODE = [20, 19] as const;

function olderNode(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined;
  return `walmq needs Node.js ${OLDEST_NODE.join('.')} or newer, and this is ${version}. Install a newer one, e.g. from https://nodejs.org.`;
}

function unfitFolder(folder: string): string | undefined {
  try {
    const other = entriesOf(folder).find(name => !HARMLESS.includes(name));
    if (other === undefined) return undefined;
    return `${folder} is not empty: it holds ${other}. Name a new folder (npm create walmq my-project), or add walmq to the project in this one (npx walmq init).`;
  } catch (error) {
    return `${folder} cannot be used: ${(error as Error).message}. Name another folder.`;
  }
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Returns the function that removes what was not there before. */
function remember(folder: string): () => void {
  const before = entriesOf(folder);
  const topmost = existsSync(folder) ? undefined : missingAbove(folder);
  return () => {
    for (const name of entriesOf(folder))
      if (!before.includes(name)) rmSync(join(folder, name), { recursive: true, force: true });
    if (topmost !== undefined) removeFolders(folder, topmost);
  };
}

/** The topmost folder of the path that does not exist. */
function missingAbove(folder: string): string {
  const above = dirname(folder);
  return existsSync(above) ? folder : missingAbove(above);
}

function removeFolders(deepest: string, topmost: string): void {
  if (existsSync(deepest)) rmdirSync(deepest);
  if (deepest !== topmost) removeFolders(dirname(deepest), topmost);
}
