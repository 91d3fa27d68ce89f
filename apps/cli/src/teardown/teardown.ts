import { WalmqError } from '@walmq/change';
import { planTeardown, readSource, runTeardownStep } from '@walmq/replication';
import { type Command, Option } from 'commander';
import type { Redis } from 'ioredis';
import { type CommandIo, configOf, databaseUrlOf, redisUrlOf } from '../command.js';
import { connectRedis, withDatabase } from '../connect.js';
import { examples, type Host } from '../help.js';
import { findKeys, removeKeys } from './redis-keys.js';

interface TeardownCommandOptions {
  /** Says what it would do. */
  readonly dryRun?: boolean;
  /** Really do it. */
  readonly yes?: boolean;
  /** A JSON line for each step instead of a sentence. */
  readonly json?: boolean;
}

interface Step {
  readonly what: string;
  run(): Promise<void>;
}

/** `walmq teardown` as it is called. */
export function addTeardown(program: Command, { io }: Host): void {
  program
    .command('teardown')
    .description('remove walmq from database and Redis; captured tables stay')
    .addOption(new Option('--dry-run', 'say what would go, and remove nothing').conflicts('yes'))
    .option('--yes', 'really do it')
    .option('--json', 'print { status, what } for each step, a line each')
    .addHelpText(
      'after',
      examples(
        ['walmq teardown --dry-run', 'what is there of walmq?'],
        ['walmq teardown --yes', 'after all apps were stopped'],
      ),
    )
    .action((options: TeardownCommandOptions) => teardownCommand(io, options));
}

/**
 * `walmq teardown`: takes out of the database and of Redis what set-up and the apps have put there. The captured tables
 * stay, with their rows.
 */
async function teardownCommand(io: CommandIo, options: TeardownCommandOptions): Promise<void> {
  const config = await configOf(io);
  await withDatabase(databaseUrlOf(io, config), async client => {
    const { slot } = config.source;
    const inDatabase = await planTeardown(client, config.source);
    const redis = await connectRedis(redisUrlOf(io, config));
    try {
      const keys = await findKeys(redis, config, { ...(await readSource(client)), slot });
      const steps: Step[] = [
        ...inDatabase.map(step => ({ what: step.what, run: () => runTeardownStep(client, step) })),
        ...keySteps(redis, 'the queues', keys.queues),
        ...keySteps(redis, 'the checkpoint and what captures told of themselves', keys.own),
      ];
      const say = (status: 'kept' | 'done' | 'would', what: string) =>
        io.print(options.json ? JSON.stringify({ status, what }) : `${status.padEnd(5)}  ${what}`);
      if (keys.shared) say('kept', 'the queues: another database feeds them too');
      if (steps.length === 0 && !options.json) io.print('Nothing of walmq is left.');
      for (const step of steps) {
        if (options.yes) await step.run();
        say(options.yes ? 'done' : 'would', step.what);
      }
      if (!options.yes && !options.dryRun && steps.length > 0)
        throw new WalmqError('NOT_CONFIRMED', 'all of this would go, unfinished changes too.', {
          remedy: 'Say so with --yes.',
        });
    } finally {
      redis.disconnect();
    }
  });
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
