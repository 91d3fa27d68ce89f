import { relative } from 'node:path';
import { shellWord } from '../../terminal/shell-word.js';
import { workerPath } from '../files/config-file.js';
import { EXAMPLE_INSERT } from '../files/example.js';
import { runBinary, runScript } from '../look/package-manager.js';
import { EMPTY_MANIFEST, type Project } from '../look/project.js';
import type { Answers } from '../plan/answers.js';
import { scriptsFor } from '../plan/scripts.js';
import { namedTables } from '../plan/targets.js';

type Step = readonly [command: string, meaning: string];

interface Facts {
  readonly project: Project;
  readonly answers: Answers;
  /** True if this run installs the packages. */
  readonly isInstalled: boolean;
  /** True if the environment has the URL of a database. */
  readonly hasUrl: boolean;
}

/** The commands that come next, each with its meaning. */
export function nextSteps({ project, answers, isInstalled, hasUrl }: Facts): string[] {
  const { packageManager: manager, docker, embedded, example } = answers;
  const scripts = scriptsFor(project.manifest ?? EMPTY_MANIFEST, undefined);
  const dev = scripts.find(({ command }) => command === 'walmq dev')?.name as string;
  const folder = relative(process.cwd(), project.folder);
  const needsUrls = docker || !(embedded || hasUrl);
  const steps: (Step | false)[] = [
    folder !== '' && [`cd ${shellWord(folder)}`, ''],
    !isInstalled && [`${manager} install`, 'installs the packages'],
    docker && ['docker compose up --detach --wait', 'starts PostgreSQL and Redis'],
    (docker || !(embedded || hasUrl)) && [
      'cp .env.example .env',
      'the URLs of both servers, which walmq reads',
    ],
    [
      runScript(manager, dev),
      'prepares the database and starts capture, workers and dashboard, until Ctrl+C',
    ],
    example
      ? [runBinary(manager, `walmq sql "${EXAMPLE_INSERT}"`), 'in another terminal: the first effect']
      : [runBinary(manager, 'walmq doctor'), 'checks the servers and the set-up'],
  ];
  const files = namedTables(answers).map(({ name }) => workerPath(name));
  const shown = steps.filter(step => step !== false);
  const width = Math.max(...shown.map(([command]) => command.length).filter(length => length <= MAX_WIDTH));
  return [
    ...shown.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`.trimEnd()),
    ...(needsUrls && project.hasEnvFile ? ['Before that, set DATABASE_URL and REDIS_URL in .env.'] : []),
    `Your handlers: ${files.join(', ')}`,
  ];
}

/** Longer commands do not widen the column of the commands. */
const MAX_WIDTH = 40;
