import { COMPOSE_FILE } from '../files/compose-file.js';
import { configFile, type Named, workerPath } from '../files/config-file.js';
import { EXAMPLE_SCHEMA, EXAMPLE_SCHEMA_PATH, EXAMPLE_WORKER } from '../files/example.js';
import { TSCONFIG_FILE, withIgnored, withVariables } from '../files/small-files.js';
import { tablesFile } from '../files/tables-file.js';
import { exampleTestFile, testFile } from '../files/test-file.js';
import { workerFile } from '../files/worker-file.js';
import { EMPTY_MANIFEST, type Project } from '../look/project.js';
import type { Answers } from './answers.js';
import { workerNames } from './names.js';
import { withPackages } from './packages.js';
import { testRunnerOf } from './test-runner.js';

/** A file that the project is to have. */
export type Target = {
  /** Path in the project, with `/`. */
  readonly path: string;
} & (
  | { readonly kind: 'whole'; readonly text: string }
  /** Adds what the present text lacks, and keeps the rest. */
  | { readonly kind: 'edit'; readonly edit: (present: string | undefined) => string }
);

export const CONFIG_PATH = 'walmq.config.ts';
export const COMPOSE_PATH = 'compose.yaml';
export const TABLES_PATH = 'src/walmq-tables.ts';

export function namedTables({ tables }: Pick<Answers, 'tables'>): Named[] {
  const names = workerNames(tables);
  return tables.map((table, index) => ({ table, name: names[index] as string }));
}

/** Every file that init writes for these answers. The last one is package.json, with which the project is complete. */
export function targetsOf(project: Project, answers: Answers): Target[] {
  const manifest = project.manifest ?? EMPTY_MANIFEST;
  const named = namedTables(answers);
  const runner = testRunnerOf(manifest);
  const { example } = answers;
  const { composeFile = COMPOSE_PATH } = project;
  return [
    ...(example ? [whole(EXAMPLE_SCHEMA_PATH, EXAMPLE_SCHEMA)] : []),
    whole(CONFIG_PATH, configFile(named, example ? EXAMPLE_SCHEMA_PATH : undefined)),
    whole(TABLES_PATH, tablesFile(answers.tables)),
    ...named.flatMap(each => [
      whole(workerPath(each.name), example ? EXAMPLE_WORKER : workerFile(each)),
      whole(
        workerPath(each.name).replace(/ts$/, 'test.ts'),
        example ? exampleTestFile(runner) : testFile(each, runner),
      ),
    ]),
    ...(project.tsconfig === undefined ? [whole('tsconfig.json', TSCONFIG_FILE)] : []),
    ...(answers.docker && composeFile === COMPOSE_PATH ? [whole(COMPOSE_PATH, COMPOSE_FILE)] : []),
    { path: '.env.example', kind: 'edit', edit: withVariables },
    { path: '.gitignore', kind: 'edit', edit: withIgnored },
    { path: 'package.json', kind: 'edit', edit: present => withPackages(present, project, answers) },
  ];
}

function whole(path: string, text: string): Target {
  return { path, kind: 'whole', text };
}
