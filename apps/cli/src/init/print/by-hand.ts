import { qualifiedName, tableName } from '@walmq/change';
import { COMPOSE_NEEDS } from '../files/compose-file.js';
import { queueLine, workerLine } from '../files/config-file.js';
import { runBinary } from '../look/package-manager.js';
import type { Project } from '../look/project.js';
import type { Answers } from '../plan/answers.js';
import type { PlannedFile } from '../plan/plan-writes.js';
import { COMPOSE_PATH, CONFIG_PATH, namedTables, TABLES_PATH } from '../plan/targets.js';

interface Facts {
  readonly project: Project;
  readonly answers: Answers;
  readonly plan: readonly PlannedFile[];
  /** Tables of the present walmq.config.ts. Undefined: it could not be read. */
  readonly configured: ReadonlySet<string> | undefined;
}

/** What init leaves to the user, as sentences. */
export function byHand(facts: Facts): string[] {
  return [
    ...configNotes(facts),
    ...typesNotes(facts),
    ...keyNotes(facts),
    ...composeNotes(facts),
    ...compileNotes(facts),
  ];
}

function isKept({ plan }: Facts, path: string): boolean {
  return plan.some(file => file.path === path && file.action === 'kept');
}

function configNotes(facts: Facts): string[] {
  if (!isKept(facts, CONFIG_PATH)) return [];
  const missing = namedTables(facts.answers).filter(({ table }) => !facts.configured?.has(tableName(table)));
  if (missing.length === 0) return [];
  return [
    `Add to ${CONFIG_PATH}${facts.configured ? '' : ', unless it has them'}:`,
    ...missing.map(each => `  in queues:   ${queueLine(each)}`),
    ...missing.map(each => `  in workers:  ${workerLine(each)}`),
  ];
}

function typesNotes(facts: Facts): string[] {
  const { answers } = facts;
  const run = runBinary(answers.packageManager, 'walmq types');
  if (isKept(facts, TABLES_PATH)) return [`Write ${TABLES_PATH} again from the database: ${run}`];
  if (answers.tables.every(({ model }) => model)) return [];
  return [
    `${TABLES_PATH} is provisional. Once the database has the tables, write the row types (${run}) and complete the rows in the tests.`,
  ];
}

function keyNotes({ answers }: Facts): string[] {
  return answers.tables
    .filter(({ model }) => model?.key.length === 0)
    .map(
      table =>
        `${qualifiedName(table)} has no primary key, so its changes are processed one after the other. Add a primary key, or give its queue in ${CONFIG_PATH} an orderBy: the name of a column, or false for no order.`,
    );
}

function composeNotes(facts: Facts): string[] {
  const { project, answers } = facts;
  if (
    !answers.docker ||
    ((project.composeFile ?? COMPOSE_PATH) === COMPOSE_PATH && !isKept(facts, COMPOSE_PATH))
  )
    return [];
  return [
    `${project.composeFile} stays as it is. Its servers need these settings:`,
    ...COMPOSE_NEEDS.map(line => `  ${line}`),
  ];
}

/**
 * A compiler that takes every file of the folder puts its output one folder deeper as soon as a file stands outside src:
 * dist/src/main.js instead of dist/main.js.
 */
function compileNotes({ project: { tsconfig } }: Facts): string[] {
  if (tsconfig === undefined || !/"outDir"/.test(tsconfig) || /"(include|files)"/.test(tsconfig)) return [];
  return [
    `Add "${CONFIG_PATH}" to "exclude" of the tsconfig that builds the project: otherwise tsc puts its output into a folder src of outDir.`,
  ];
}
