import { qualifiedName, WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { tablesOf } from '@walmq/operations';
import { outboxSchemaSql } from '@walmq/outbox';
import {
  notePipeline,
  planSetup,
  runSteps,
  type SetupSchema,
  type SetupStep,
  setupScript,
} from '@walmq/setup';
import { auditSchemaSql } from '@walmq/sinks/audit';
import { changeLogSchemaSql } from '@walmq/sinks/change-log';
import { workerSchemaSql } from '@walmq/worker';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { splitLines } from './split.js';
import { type CommandIo, configOf, databaseUrlOf } from './terminal/command.js';
import { withDatabase } from './terminal/connect.js';
import { examples, type Host } from './terminal/help.js';

interface SetupCommandOptions {
  /** Option of an earlier version. Rejected with SETUP_SHOP_MOVED. */
  readonly shop?: boolean;
  /** Also create the audit log. */
  readonly audit?: boolean;
  /** Also create the change log. */
  readonly changeLog?: boolean;
  /** Also create the outbox table. */
  readonly outbox?: boolean;
  /** The only roles that may send logical messages. */
  readonly publishers?: readonly string[];
  /** Print the steps and run none. */
  readonly dryRun?: boolean;
  /** Print the SQL and run nothing. */
  readonly sql?: boolean;
  /** Print how the queues could be divided over so many pipelines, and run nothing. */
  readonly split?: number;
  /** Print each step as a JSON line instead of a sentence. */
  readonly json?: boolean;
  /** Maximum seconds that one statement waits for locks and open transactions. */
  readonly wait: number;
}

const WORKER_SCHEMA: SetupSchema = {
  what: "the worker kit's tables in schema walmq",
  sql: workerSchemaSql,
  captured: false,
};

const AUDIT_SCHEMA: SetupSchema = { what: 'the audit log', sql: auditSchemaSql, captured: false };

const CHANGE_LOG_SCHEMA: SetupSchema = { what: 'the change log', sql: changeLogSchemaSql, captured: false };

export function addSetup(program: Command, { io }: Host): void {
  program
    .command('setup')
    .description(
      'prepare the database: own tables, replica identity, publication, slot; you can run it again',
    )
    .addOption(new Option('--shop', 'of an earlier version').hideHelp())
    .option('--audit', 'also create the audit log')
    .option('--change-log', 'also create the change log')
    .option('--outbox', 'also create the outbox table')
    .option('--publishers <roles>', 'allow only these roles to send messages: capture,shop', roles)
    .addOption(new Option('--dry-run', 'print what would be done, and change nothing').conflicts('sql'))
    .option('--sql', 'print the SQL for psql instead, and change nothing')
    .addOption(
      new Option(
        '--split <pipelines>',
        'print which queues each of several pipelines should have, and change nothing',
      )
        .argParser(pipelines)
        .conflicts(['sql', 'dryRun', 'json']),
    )
    .option('--json', 'print { status, what, remedy } per step, one per line')
    .option(
      '--wait <seconds>',
      'maximum time for one statement to wait for locks and open transactions',
      seconds,
      10,
    )
    .addHelpText(
      'after',
      examples(
        ['walmq setup --dry-run', 'what would set-up change?'],
        ['walmq setup --sql > setup.sql', 'for somebody who has the privileges: psql -f setup.sql'],
        ['walmq setup --wait 600', 'if long transactions are common'],
      ),
    )
    .action((options: SetupCommandOptions) => setupCommand(io, options));
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 86_400) return value;
  throw new InvalidArgumentError('It must be a number of seconds, more than 0 and at most 86400.');
}

function pipelines(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 2 && value <= 16) return value;
  throw new InvalidArgumentError('It must be a number of pipelines, from 2 to 16.');
}

/** Parses names of roles, separated by commas. */
function roles(text: string): string[] {
  const names = text.split(',').map(name => name.trim());
  if (names.every(name => name !== '')) return names;
  throw new InvalidArgumentError('It must be names of roles with commas between them.');
}

/** `walmq setup`: prepares the database for the configured queues and prints each step. Rejects with SETUP_SHOP_MOVED. */
async function setupCommand(io: CommandIo, options: SetupCommandOptions): Promise<void> {
  if (options.shop)
    throw new WalmqError(
      'SETUP_SHOP_MOVED',
      'the reference shop has a set-up of its own; walmq setup has no --shop.',
      {
        remedy: 'Run "npm run shop-setup", which makes the tables of the shop and then runs walmq setup.',
      },
    );
  const config = await configOf(io);
  const lockTimeoutMs = Math.ceil(options.wait * 1000);
  await withDatabase(databaseUrlOf(io, config), async client => {
    if (options.split !== undefined) {
      for (const line of await splitLines(client, config, options.split)) io.print(line);
      return;
    }
    const steps = await planSetup(client, {
      slot: config.source.slot,
      publication: config.source.publication,
      tables: tablesOf(config),
      schemas: [
        WORKER_SCHEMA,
        ...(options.audit ? [AUDIT_SCHEMA] : []),
        ...(options.changeLog ? [CHANGE_LOG_SCHEMA] : []),
        ...(options.outbox ? [outboxSchema(config)] : []),
      ],
      publishers: options.publishers,
      lockTimeoutMs,
    });
    const lineOf = options.json ? jsonLine : stepLine;
    if (options.sql) io.print(setupScript(steps, lockTimeoutMs));
    else if (options.dryRun) for (const step of steps) io.print(lineOf(step, 'would'));
    else await runSteps(client, steps, { lockTimeoutMs, onStep: step => io.print(lineOf(step, 'done')) });
    if (!options.sql && !options.dryRun) await notePipeline(client, config.source);
  });
}

/** The SQL of the outbox table. Throws SETUP_OUTBOX_UNUSED if no queue takes events from it. */
function outboxSchema({ outbox }: WalmqConfig): SetupSchema {
  if (!outbox)
    throw new WalmqError('SETUP_OUTBOX_UNUSED', 'no queue takes events from an outbox table.', {
      remedy: 'Give a queue in walmq.config.ts "outbox" with the aggregate types it takes.',
    });
  return {
    what: `the outbox table ${qualifiedName(outbox)}`,
    sql: outboxSchemaSql(outbox),
    captured: true,
    within: outbox.schema,
  };
}

function jsonLine(step: SetupStep, run: 'done' | 'would'): string {
  const status = step.status === 'run' ? run : step.status;
  return JSON.stringify({
    status,
    what: step.what,
    remedy: step.status === 'warning' ? (step.remedy ?? null) : null,
  });
}

function stepLine(step: SetupStep, run: 'done' | 'would'): string {
  const status = step.status === 'run' ? run : step.status;
  const remedy = step.status === 'warning' && step.remedy ? `. ${step.remedy}` : '';
  return `${status.padEnd(7)}  ${step.what}${remedy}`;
}
