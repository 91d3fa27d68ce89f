import { WalmqError } from '@walmq/change';
import { readSource } from '@walmq/replication';
import { CAPTURE_SCHEMA, madeRelations, planTeardown, runTeardownStep } from '@walmq/setup';
import { auditSchemaSql } from '@walmq/sinks/audit';
import { changeLogSchemaSql } from '@walmq/sinks/change-log';
import { workerSchemaSql } from '@walmq/worker';
import { type Command, Option } from 'commander';
import type { Redis } from 'ioredis';
import { type CommandIo, configOf, databaseUrlOf, redisUrlOf } from '../terminal/command.js';
import { connectRedis, withDatabase } from '../terminal/connect.js';
import { examples, type Host } from '../terminal/help.js';
import { findKeys, removeKeys } from './redis-keys.js';

interface TeardownCommandOptions {
  /** Print the steps and run none. */
  readonly dryRun?: boolean;
  /** Run all steps without asking. */
  readonly yes?: boolean;
  /** Print each step as a JSON line instead of a sentence. */
  readonly json?: boolean;
}

interface Step {
  readonly what: string;
  run(): Promise<void>;
}

export function addTeardown(program: Command, { io }: Host): void {
  program
    .command('teardown')
    .description('remove walmq from database and Redis; captured tables stay')
    .addOption(new Option('--dry-run', 'print what would be removed, and remove nothing').conflicts('yes'))
    .option('--yes', 'do not ask before each step')
    .option('--json', 'print { status, what } per step, one per line')
    .addHelpText(
      'after',
      examples(
        ['walmq teardown --dry-run', 'what would teardown remove?'],
        ['walmq teardown', 'stop all apps first; asks before each step'],
        ['walmq teardown --yes', 'in a script'],
      ),
    )
    .action((options: TeardownCommandOptions) => teardownCommand(io, options));
}

/**
 * `walmq teardown`: undoes the recorded changes of set-up for this pipeline, and removes what the apps have written to
 * the database and to Redis. The captured tables and their rows stay.
 */
async function teardownCommand(io: CommandIo, options: TeardownCommandOptions): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    const { slot } = config.source;
    const inDatabase = await planTeardown(client, config.source, ownTables());
    const redis = await connectRedis(redisUrlOf(io, config));
    try {
      const source = { ...(await readSource(client)), slot };
      const keys = await findKeys(redis, config, source);
      const steps: Step[] = [
        ...inDatabase.steps.map(step => ({ what: step.what, run: () => runTeardownStep(client, step) })),
        ...keySteps(redis, 'the queues', keys.queues),
        ...keySteps(redis, 'the checkpoint and what captures told of themselves', keys.own),
      ];
      const say = sayer(io, options);
      for (const what of inDatabase.kept) say('kept', what);
      for (const { what, sql } of inDatabase.left) say('left', what, sql);
      if (keys.sharedWith !== undefined) say('kept', `the queues: ${keys.sharedWith} feeds them too`);
      if (steps.length === 0 && inDatabase.left.length === 0 && !options.json)
        io.print('Nothing of walmq is left.');
      await takeSteps(io, options, steps, say);
    } finally {
      redis.disconnect();
    }
  });
}

type Say = (status: 'kept' | 'left' | 'done' | 'would', what: string, sql?: string) => void;

function sayer(io: CommandIo, { json }: TeardownCommandOptions): Say {
  return (status, what, sql) => {
    if (json) io.print(JSON.stringify({ status, what, ...(sql !== undefined && { sql }) }));
    else if (sql === undefined) io.print(`${status.padEnd(5)}  ${what}`);
    else io.print(`${status.padEnd(5)}  walmq has not noted that it made this; to ${what}: ${sql}`);
  };
}

/** Runs all steps with --yes. At a terminal, asks before each step. Otherwise runs none. Rejects with NOT_CONFIRMED. */
async function takeSteps(
  io: CommandIo,
  { yes, dryRun, json }: TeardownCommandOptions,
  steps: readonly Step[],
  say: Say,
): Promise<void> {
  const ask = yes || dryRun || json ? undefined : io.ask;
  for (const { what, run } of steps) {
    if (ask && !(await agrees(ask, what))) {
      say('kept', what);
      continue;
    }
    if (yes || ask) await run();
    say(yes || ask ? 'done' : 'would', what);
  }
  if (!yes && !dryRun && !ask && steps.length > 0)
    throw new WalmqError('NOT_CONFIRMED', 'this removes all of it, unfinished changes included.', {
      remedy: 'Confirm with --yes, or run the command at a terminal, where it asks before each step.',
    });
}

async function agrees(ask: NonNullable<CommandIo['ask']>, what: string): Promise<boolean> {
  const answer = await ask(`${what[0]?.toUpperCase()}${what.slice(1)}? (yes/no) `);
  return answer.trim().toLowerCase() === 'yes';
}

/** Names of the tables that set-up can create in schema walmq. */
function ownTables(): string[] {
  const made = [CAPTURE_SCHEMA.sql, workerSchemaSql, auditSchemaSql, changeLogSchemaSql].flatMap(
    madeRelations,
  );
  return made.filter(({ kind }) => kind === 'table').map(({ name }) => name);
}

function keySteps(redis: Redis, whose: string, keys: readonly string[]): Step[] {
  if (keys.length === 0) return [];
  return [
    {
      what: `remove ${keys.length} ${keys.length === 1 ? 'key' : 'keys'} from Redis: ${whose}`,
      run: () => removeKeys(redis, keys),
    },
  ];
}
