import { shardPrefixes, type WalmqConfig } from '@walmq/config';
import { heartbeatPrefix, isListed, readHeartbeats, readQueues, readResume } from '@walmq/operations';
import { readSkipped, readSource } from '@walmq/replication';
import { redact } from '@walmq/runtime';
import type { Command } from 'commander';
import type { Redis } from 'ioredis';
import type { Client } from 'pg';
import { type CommandIo, configOf, databaseUrlOf, EXIT, redisUrlOf } from '../terminal/command.js';
import { connectDatabase, connectRedis } from '../terminal/connect.js';
import { foreignCheckpoints } from '../terminal/find-sources.js';
import { examples, type Host } from '../terminal/help.js';
import { attempt, failureCheck } from './attempt.js';
import { openedByChecks, readOpenedBy } from './bullmq.js';
import { captureChecks } from './capture.js';
import { type Check, type CheckName, ok, warning } from './check.js';
import { checkpointCheck } from './checkpoint.js';
import { checkPostgres } from './postgres/postgres.js';
import { checkLines } from './print.js';
import { queueChecks } from './queues.js';
import { readRedis, redisChecks } from './redis/redis.js';
import { rightsCheck } from './redis/redis-rights.js';
import { checkSentinels } from './redis/sentinels.js';
import { sourcesCheck } from './sources.js';

/** Matches a key with a hash tag, as Redis Cluster defines it: a non-empty text between the first braces. */
const HASH_TAG = /^[^{]*\{[^}]+\}/;

export function addDoctor(program: Command, { io, exit }: Host): void {
  program
    .command('doctor')
    .description('check everything that capture and the workers need; exit code 1 on any error')
    .option('--json', 'print an array of { check, status, found, remedy }')
    .addHelpText(
      'after',
      examples(
        ['walmq doctor', 'one line per check, and the remedy'],
        [`walmq doctor --json | jq '.[] | select(.status != "ok")'`, 'output for a program'],
      ),
    )
    .action(async (options: { json?: boolean }) => exit(await doctorCommand(io, options)));
}

/** `walmq doctor`: runs all checks. Resolves to the exit code: 1 if a check reports an error. */
async function doctorCommand(io: CommandIo, options: { json?: boolean }): Promise<number> {
  const checks = (await examine(io, await configOf(io))).map(redacted);
  if (options.json) io.print(JSON.stringify(checks, null, 2));
  else for (const check of checks) for (const line of checkLines(check, io.colours)) io.print(line);
  return checks.some(({ status }) => status === 'error') ? EXIT.failed : EXIT.ok;
}

function redacted(check: Check): Check {
  const remedy = check.remedy === undefined ? {} : { remedy: redact(check.remedy) };
  return { ...check, found: redact(check.found), ...remedy };
}

async function examine(io: CommandIo, config: WalmqConfig): Promise<Check[]> {
  const database = await reach('postgres', 'PostgreSQL', () => connectDatabase(databaseUrlOf(io, config)));
  const redis = await reach('redis', 'Redis', () => connectRedis(redisUrlOf(io, config)));
  try {
    const postgres = database.connection
      ? await checkPostgres(database.connection.client, config, database.connection.url)
      : { checks: database.failure, standby: true };
    return [
      ...configurationChecks(config),
      ...postgres.checks,
      ...(redis.connection
        ? await checkRedis(redis.connection, config, redisUrlOf(io, config))
        : redis.failure),
      ...(database.connection && redis.connection && !postgres.standby
        ? await checkBoth(database.connection.client, redis.connection, config)
        : []),
    ];
  } finally {
    await database.connection?.close();
    redis.connection?.disconnect();
  }
}

function configurationChecks({ warnings }: WalmqConfig): Check[] {
  if (warnings.length === 0)
    return [ok('configuration', 'walmq.config.ts uses no option under a former name')];
  return warnings.map(text => warning('configuration', text.replace(/\.$/, ''), 'Rename the option.'));
}

type Reached<T> = { readonly connection: T } | { readonly connection: undefined; readonly failure: Check[] };

async function reach<T>(check: CheckName, server: string, connect: () => Promise<T>): Promise<Reached<T>> {
  try {
    return { connection: await connect() };
  } catch (cause) {
    const skipped = `; the other checks of ${server} and of the checkpoint were skipped`;
    return { connection: undefined, failure: [failureCheck(check, cause, skipped)] };
  }
}

async function checkRedis(redis: Redis, config: WalmqConfig, url: string): Promise<Check[]> {
  const { redis: options, capture, queues } = config;
  const checks = await attempt('redis', async () =>
    redisChecks(await readRedis(redis), {
      ...options,
      maxMemoryShare: capture.maxRedisMemoryShare,
      followsCluster: redis.isCluster,
      hasHashTags: shardPrefixes(options).every(prefix => HASH_TAG.test(prefix)),
    }),
  );
  checks.splice(1, 0, ...(await checkSentinels(url)));
  for (const prefix of shardPrefixes(options)) checks.push(await rightsCheck(redis, prefix));
  for (const queue of Object.values(queues))
    checks.push(
      ...(await attempt('queues', async () => {
        const [status] = await readQueues(redis, [queue]);
        if (!status || !isListed(status, config)) return [];
        const opened = openedByChecks(queue.name, await readOpenedBy(redis, queue));
        return [...queueChecks(status, capture.maxQueueDepth), ...opened];
      })),
    );
  return checks;
}

/** The checks that need both PostgreSQL and Redis. */
async function checkBoth(client: Client, redis: Redis, config: WalmqConfig) {
  const { slot } = config.source;
  return [
    ...(await attempt('checkpoint', async () => checkpointCheck(await readResume(client, redis, config)))),
    ...(await attempt('blocked', async () => {
      const { captures, lastActive } = await readHeartbeats(redis, heartbeatPrefix(config.redis), {
        slot,
        source: null,
      });
      const last = captures.length === 0 && lastActive ? [lastActive] : [];
      return captureChecks([...captures, ...last], await readSkipped(client, slot));
    })),
    ...(await attempt('sources', async () => {
      const source = { ...(await readSource(client)), slot };
      return [sourcesCheck(await foreignCheckpoints(redis, config, source))];
    })),
  ];
}
