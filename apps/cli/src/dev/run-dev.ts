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
import { keepPart, type PartHost, shownPath } from './part.js';
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
import { type FileWatch, watchFiles } from './watch-files.js';

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
  const place = { configFile, root, screen, signal };
  let current = await configured(place, { isFirst: true });
  if (current === undefined) return;
  const folder = join(root, '.walmq');
  const servers = await serversOf(options, { env, screen, config: current.config, folder });
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
    while (current && !signal.aborted) {
      await runConfigured(current, { place, host });
      current = await configured(place, { isFirst: false });
    }
  } finally {
    screen.say('dev', 'stopping');
    await rm(addresses, { force: true });
    await watchdog.finish();
    await servers.stop();
  }
}

/** A configuration, and a watch of its files that has begun before it was read. */
interface Configured {
  readonly config: WalmqConfig;
  readonly watching: FileWatch;
}

/**
 * Loads the configuration. A mistake in it is shown, and the next save tried. Undefined: the signal was aborted. Rejects with
 * CONFIG_MISSING, unless a tool may be replacing the file.
 */
async function configured(
  { configFile, root, screen, signal }: ConfigPlace,
  { isFirst }: { readonly isFirst: boolean },
): Promise<Configured | undefined> {
  while (!signal.aborted) {
    const watching = await watchFiles(await sourceFiles(configFile, root));
    try {
      const config = await loadConfig(configFile);
      for (const warning of config.warnings) screen.warn('dev', warning);
      return { config, watching };
    } catch (error) {
      const mayWait = error instanceof CodedError && !(isFirst && error.code === 'CONFIG_MISSING');
      if (mayWait) {
        screen.fail('dev', `${error.sentence}\nWaiting for the next save.`);
        await watching.changed(signal).catch(() => {});
      }
      watching.close();
      if (!mayWait) throw error;
    }
  }
  return undefined;
}

interface ConfigPlace {
  readonly configFile: string;
  readonly root: string;
  readonly screen: Screen;
  readonly signal: AbortSignal;
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

/** Runs one version of the configuration, until its files change or the signal is aborted. */
async function runConfigured(
  { config, watching }: Configured,
  { place, host }: { readonly place: ConfigPlace; readonly host: Omit<PartHost, 'signal'> },
): Promise<void> {
  const { configFile, root, screen, signal } = place;
  const schema = schemaFile(config, root);
  const schemaWatching = await watchFiles(new Set(schema === undefined ? [] : [schema]));
  const ending = new AbortController();
  const within = AbortSignal.any([signal, ending.signal]);
  const running = runParts(config, { configFile, host: { ...host, signal: within } });
  const changed = await Promise.race(
    [watching, schemaWatching].map(each => each.changed(within).catch(() => undefined)),
  );
  if (changed !== undefined)
    screen.say('dev', `${shownPath(changed, root)} has changed: preparing and starting everything again`);
  ending.abort();
  watching.close();
  schemaWatching.close();
  await running;
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
