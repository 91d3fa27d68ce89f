import { WalmqError } from '@walmq/change';
import type { WalmqConfig } from '@walmq/config';
import { type DatabaseUrl, mistakeIn, withPassword } from '@walmq/postgres';
import { redisUrlMistake } from '@walmq/redis';
import { z } from 'zod';
import { type OwnVariables, readOwnVariables, type ValuesOf } from './own-variables.js';

/**
 * A server that a process needs: its URL must be set. `database` may be the URL for workers; `replication` must be the URL of
 * PostgreSQL itself.
 */
export type Need = 'database' | 'replication' | 'redis' | 'smtp';

const LOG_LEVELS: readonly Environment['logLevel'][] = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
  'silent',
];

/** What every process reads from its environment, once. */
export interface Environment {
  /** From the configuration, or else DATABASE_URL. */
  readonly databaseUrl: string | undefined;
  /** The way to the database of `databaseUrl`, with the source of its passwords. */
  readonly database: DatabaseUrl | undefined;
  /** The way to the database for workers: from the configuration or WORKER_DATABASE_URL, or else `database`. */
  readonly workerDatabase: DatabaseUrl | undefined;
  /** From the configuration, or else REDIS_URL. */
  readonly redisUrl: string | undefined;
  /** From SMTP_URL. */
  readonly smtpUrl: string | undefined;
  /** The lowest level that is logged. From LOG_LEVEL. */
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** JSON lines, or short lines for a terminal. From LOG_FORMAT. */
  readonly logFormat: 'json' | 'pretty';
  /** Address of /live, /ready and /metrics. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Milliseconds a process may take to drain. */
  readonly shutdownMs: number;
  /** Whether spans are sent to an OpenTelemetry collector. */
  readonly tracing: boolean;
}

/** Every variable of walmq's processes, except those of a single app. */
export const ENVIRONMENT_VARIABLES = [
  'DATABASE_URL',
  'WORKER_DATABASE_URL',
  'DATABASE_PASSWORD_COMMAND',
  'REDIS_URL',
  'SMTP_URL',
  'LOG_LEVEL',
  'LOG_FORMAT',
  'WALMQ_HOST',
  'WALMQ_PORT',
  'WALMQ_CONFIG',
  'WALMQ_SHUTDOWN_MS',
  'WALMQ_TRACING',
] as const;

export interface EnvironmentOptions<Own extends OwnVariables> {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** If the configuration names a server, no variable is needed. */
  readonly config: Pick<WalmqConfig, 'source' | 'redis'>;
  readonly defaultPort: number;
  readonly needs: readonly Need[];
  readonly prettyByDefault: boolean;
  /** Variables of a single app, by name. */
  readonly own: Own;
}

/**
 * Reads and validates the environment. Throws ENVIRONMENT_INVALID with one sentence per missing or malformed
 * variable, never with its value, which may be a secret.
 */
export function readEnvironment<Own extends OwnVariables>(
  options: EnvironmentOptions<Own>,
): Readonly<Environment & ValuesOf<Own>> {
  const { env, config, own } = options;
  const shared = sharedSchema(options).safeParse(withoutEmpty(env));
  const { values, mistakes } = readOwnVariables(own, withoutEmpty(env));
  if (!shared.success || mistakes.length > 0) {
    const sentences = [...(shared.error?.issues.map(sentenceOf) ?? []), ...mistakes];
    throw new WalmqError('ENVIRONMENT_INVALID', sentences.join(' '));
  }
  const variables = shared.data;
  const databaseUrl = config.source.url ?? variables.DATABASE_URL;
  const workerUrl = config.source.workerUrl ?? variables.WORKER_DATABASE_URL ?? databaseUrl;
  const passwords = {
    password: config.source.password,
    passwordCommand: config.source.passwordCommand ?? variables.DATABASE_PASSWORD_COMMAND,
  };
  return Object.freeze({
    ...values,
    databaseUrl,
    database: databaseUrl === undefined ? undefined : withPassword(databaseUrl, passwords),
    workerDatabase: workerUrl === undefined ? undefined : withPassword(workerUrl, passwords),
    redisUrl: config.redis.url ?? variables.REDIS_URL,
    smtpUrl: variables.SMTP_URL,
    logLevel: variables.LOG_LEVEL,
    logFormat: variables.LOG_FORMAT,
    host: variables.WALMQ_HOST,
    port: variables.WALMQ_PORT,
    shutdownMs: variables.WALMQ_SHUTDOWN_MS,
    tracing: variables.WALMQ_TRACING === 'on',
  });
}

const EXAMPLE_URL = 'postgres://user:password@localhost:5432/shop';

/** `FOO=` in a shell or a compose file means that FOO is not set. */
function withoutEmpty(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function sharedSchema({
  env,
  needs,
  config,
  defaultPort,
  prettyByDefault,
}: EnvironmentOptions<OwnVariables>) {
  const { url: direct, workerUrl } = config.source;
  const configured = {
    database: direct ?? workerUrl ?? (env.WORKER_DATABASE_URL || undefined),
    replication: direct,
    redis: config.redis.url,
    smtp: undefined,
  };
  const needed = needs.filter(need => configured[need] === undefined);
  const url = (
    served: readonly Need[],
    example: string,
    mistakeOf: (value: string) => string | undefined,
  ) => {
    const schema = z.string(`is not set; set it, e.g. ${example}`).check(({ value, issues }) => {
      const mistake = mistakeOf(value);
      if (mistake) issues.push({ code: 'custom', input: undefined, message: mistake });
    });
    return (needed.some(need => served.includes(need)) ? schema : schema.optional()) as z.ZodType<
      string | undefined
    >;
  };
  return z.object({
    DATABASE_URL: url(['database', 'replication'], EXAMPLE_URL, mistakeIn),
    WORKER_DATABASE_URL: url([], EXAMPLE_URL, mistakeIn),
    DATABASE_PASSWORD_COMMAND: z.string().optional(),
    REDIS_URL: url(['redis'], 'redis://localhost:6379', redisUrlMistake),
    SMTP_URL: url(['smtp'], 'smtp://localhost:1025', smtpUrlMistake),
    LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    LOG_FORMAT: z
      .enum(['json', 'pretty'], { error: 'must be json or pretty' })
      .default(prettyByDefault ? 'pretty' : 'json'),
    WALMQ_HOST: z.string().default('127.0.0.1'),
    WALMQ_PORT: wholeNumber(0, 65_535).default(defaultPort),
    WALMQ_SHUTDOWN_MS: wholeNumber(0, 3_600_000).default(10_000),
    WALMQ_TRACING: z.enum(['on', 'off'], { error: 'must be on or off' }).default('off'),
  });
}

/** A whole number in a range, written in digits. */
export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error })
    .transform(Number)
    .refine(value => value >= min && value <= max, { error });
}

/** The characters that end the host of a URL, after the @ behind user and password. */
const RAW_MARK = /^[a-z+]+:\/\/[^@/?#]*([/?#]).*@/i;

function smtpUrlMistake(text: string): string | undefined {
  if (URL.canParse(text) && /^(?:smtps?|ses):$/.test(new URL(text).protocol)) return undefined;
  const [, mark] = RAW_MARK.exec(text) ?? [];
  if (mark) return `has a "${mark}" in user or password: write it as ${encodeURIComponent(mark)}`;
  return 'is not a smtp:// or smtps:// URL, e.g. smtp://localhost:1025';
}

function sentenceOf(issue: { path: PropertyKey[]; message: string }): string {
  return `${issue.path.join('.')} ${issue.message}.`;
}
