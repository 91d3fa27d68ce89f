import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CodedError, WalmqError } from '@walmq/change';
import { loadConfig, sourceFiles, type WalmqConfig } from '@walmq/config';
import { redact } from '@walmq/runtime';
import { startWatchdog } from '@walmq/supervise';
import type { CommandIo } from '../terminal/command.js';
import { installEmbedded } from './install-embedded.js';
import { keepTypes } from './keep-types.js';
import { keepPart, type PartHost } from './part.js';
import { partsOf } from './parts.js';
import { applySchema, schemaFile, setUp } from './prepare.js';
import { createScreen, type Screen } from './screen.js';
import {
  type DevServers,
  embeddedPath,
  loadEmbedded,
  serverAddresses,
  startServers,
  writeAddresses,
} from './servers.js';
import { watchFiles } from './watch-files.js';

export interface DevOptions {
  readonly io: CommandIo;
  /** The folder of the project. */
  readonly root: string;
  /** Installs what is missing without a question. */
  readonly yes: boolean;
  readonly version: string;
  /** Aborted: everything ends. */
  readonly signal: AbortSignal;
}

/** The program of this command. */
const PROGRAM = fileURLToPath(new URL('../main.js', import.meta.url));

/** Runs a project until the signal is aborted, and leaves no process behind. Rejects with what keeps it from starting. */
export async function runDev(options: DevOptions): Promise<void> {
  const { io, root, signal } = options;
  const screen = createScreen(io);
  const { env } = io;
  const configFile = resolve(root, env.WALMQ_CONFIG || 'walmq.config.ts');
  const first = await configured({ configFile, root, screen, signal });
  if (first === undefined) return;
  const folder = join(root, '.walmq');
  const servers = await serversOf(options, { env, screen, config: first, folder });
  // After the servers: it ends before them, so that workers can drain.
  const watchdog = await startWatchdog({ endSignal: 'TERM' });
  const addresses = await writeAddresses(folder, servers);
  try {
    for (const [what, where] of serverAddresses(servers, addresses)) screen.say('dev', address(what, where));
    const host = {
      program: PROGRAM,
      root,
      env: {
        ...env,
        DATABASE_URL: servers.databaseUrl,
        REDIS_URL: servers.redisUrl,
        ...(servers.smtpUrl !== undefined && { SMTP_URL: servers.smtpUrl }),
        LOG_LEVEL: env.LOG_LEVEL || 'info',
      },
      watchdog,
      screen,
      ports: new Set<number>(),
    };
    for (let config: WalmqConfig | undefined = first; config && !signal.aborted; )
      config = await runConfigured(config, { ...options, configFile, host });
  } finally {
    screen.say('dev', 'stopping');
    await rm(addresses, { force: true });
    await watchdog.finish();
    await servers.stop();
  }
}

/** Loads the configuration. A mistake in it is shown, and the next save tried. Rejects with CONFIG_MISSING. */
async function configured(options: {
  readonly configFile: string;
  readonly root: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}): Promise<WalmqConfig | undefined> {
  const { configFile, root, screen, signal } = options;
  while (!signal.aborted) {
    const watching = await watchFiles(await sourceFiles(configFile, root));
    try {
      const config = await loadConfig(configFile);
      for (const warning of config.warnings) screen.warn('dev', warning);
      return config;
    } catch (error) {
      if (!(error instanceof CodedError) || error.code === 'CONFIG_MISSING') throw error;
      screen.fail('dev', `${error.sentence}\nWaiting for the next save.`);
      await watching.changed(signal).catch(() => {});
    } finally {
      watching.close();
    }
  }
  return undefined;
}

/** Starts what no URL names. Rejects with EMBEDDED_MISSING or the errors of the servers. */
async function serversOf(
  { io, root, yes, version }: DevOptions,
  {
    env,
    screen,
    config,
    folder,
  }: {
    readonly env: CommandIo['env'];
    readonly screen: Screen;
    readonly config: WalmqConfig;
    readonly folder: string;
  },
): Promise<DevServers> {
  const given = {
    databaseUrl: config.source.url ?? (env.DATABASE_URL || undefined),
    redisUrl: config.redis.url ?? (env.REDIS_URL || undefined),
    smtpUrl: env.SMTP_URL || undefined,
  };
  const missing = [
    ...(given.databaseUrl === undefined ? ['DATABASE_URL'] : []),
    ...(given.redisUrl === undefined ? ['REDIS_URL'] : []),
  ];
  if (missing.length > 0 && !existsSync(join(root, 'package.json')))
    throw new WalmqError('PROJECT_MISSING', `there is no package.json in ${root}.`, {
      remedy: `Start "walmq dev" in the folder of the project, or set ${missing.join(' and ')}.`,
    });
  if (missing.length > 0 && embeddedPath(root) === undefined)
    await installEmbedded({ io, root, missing, yes, version });
  // Its inbox takes mails also where both servers are given.
  const embedded = embeddedPath(root) === undefined ? undefined : await loadEmbedded(root);
  return await startServers({ given, embedded, folder, screen });
}

/** Runs one version of the configuration. Resolves to the next one, or to nothing when the signal is aborted. */
async function runConfigured(
  config: WalmqConfig,
  options: DevOptions & {
    readonly configFile: string;
    readonly host: Omit<PartHost, 'signal'>;
  },
): Promise<WalmqConfig | undefined> {
  const { root, signal, configFile } = options;
  const { screen } = options.host;
  const files = await sourceFiles(configFile, root);
  const schema = schemaFile(config, root);
  if (schema !== undefined) files.add(schema);
  const watching = await watchFiles(files);
  const ending = new AbortController();
  const host: PartHost = { ...options.host, signal: AbortSignal.any([signal, ending.signal]) };
  const running = runParts(config, { configFile, host });
  try {
    const changed = await watching.changed(signal).catch(() => undefined);
    if (changed === undefined) return undefined;
    screen.say(
      'dev',
      `${changed.slice(root.length + 1)} has changed: preparing and starting everything again`,
    );
    return await configured({ configFile, root, screen, signal });
  } finally {
    watching.close();
    ending.abort();
    await running;
  }
}

/** Prepares the database, then keeps all parts running until the signal of the host is aborted. */
async function runParts(
  config: WalmqConfig,
  { configFile, host }: { readonly configFile: string; readonly host: PartHost },
): Promise<void> {
  const { root, env, screen, signal } = host;
  try {
    if (!(await applySchema(config, host))) {
      if (!signal.aborted) screen.warn('dev', 'waiting for the next save of walmq.config.ts or the schema');
      return;
    }
    await setUp(config, host);
    if (signal.aborted) return;
    const parts = partsOf({ config, configFile, root, env });
    let waiting = parts.length;
    const failed: string[] = [];
    const started = (name: string, url: string | undefined) => {
      if (name === 'dashboard' && url !== undefined) {
        screen.say('dev', address('pipeline page', url));
        screen.say('dev', address('Bull Board', new URL('/queues', url).href));
      }
      if (url === undefined) failed.push(name);
      if (--waiting > 0) return;
      if (failed.length === 0) screen.say('dev', 'everything has started; Ctrl+C ends it');
      else screen.warn('dev', `everything else has started, but not ${failed.join(', ')}; Ctrl+C ends it`);
    };
    await Promise.all([
      keepTypes(config, host),
      ...parts.map(part => {
        let isFirst = true;
        return keepPart(part, host, url => {
          if (isFirst) started(part.name, url);
          isFirst = false;
        });
      }),
    ]);
  } catch (error) {
    if (signal.aborted) return;
    screen.fail('dev', redact(error instanceof CodedError ? error.sentence : String((error as Error).stack)));
  }
}

function address(what: string, where: string): string {
  return `${what.padEnd(14)} ${where}`;
}
