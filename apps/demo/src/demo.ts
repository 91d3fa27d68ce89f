import type { CodedError } from '@walmq/change';
import { loadConfig } from '@walmq/config';
import { startWatchdog, type Watchdog } from '@walmq/supervise';
import pg from 'pg';
import { type App, startApp } from './app.js';
import { DemoError } from './demo-error.js';
import { expectedEffects, missingEffects, readBaseline } from './effects.js';
import { playScenario } from './scenario.js';
import { type Services, startServices } from './services.js';
import { setUpDatabase } from './setup.js';
import { summarize, whereToLook } from './summary.js';

export interface DemoOptions {
  /** The repository's folder. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends after the scenario. */
  readonly once: boolean;
  readonly print: (line: string) => void;
  /** Aborted: stops everything. */
  readonly signal: AbortSignal;
}

const WORKING_APPS = ['capture', 'order-worker', 'inventory-worker', 'analytics-worker'];

/**
 * Runs the whole demo, and stops what it started, also after a failure. With `once`, resolves to the names of
 * the missing effects. Throws the signal's reason on abort.
 */
export async function runDemo(options: DemoOptions): Promise<string[]> {
  const { env, print } = options;
  const services = await startServices({
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    smtpUrl: env.SMTP_URL,
    print,
  });
  const watchdog = await startWatchdog({ endSignal: 'TERM' });
  const ending = new AbortController();
  const signal = AbortSignal.any([options.signal, ending.signal]);
  const fail = (error: CodedError) => ending.abort(error);
  try {
    return await runOn({ ...options, services, watchdog, signal, fail });
  } catch (error) {
    // Timers and child processes reject with errors of their own when the signal fires.
    throw signal.aborted ? signal.reason : error;
  } finally {
    ending.abort();
    print('\nStopping …');
    // The apps first: they still need the servers to drain.
    await watchdog.finish();
    await services.stop();
  }
}

interface Run extends DemoOptions {
  readonly services: Services;
  readonly watchdog: Watchdog;
  readonly fail: (error: CodedError) => void;
}

async function runOn(run: Run): Promise<string[]> {
  const { root, env, once, print, signal, services } = run;
  const { databaseUrl, redisUrl, smtpUrl, inbox } = services;
  const appEnv = { ...env, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, SMTP_URL: smtpUrl };
  await setUpDatabase({ root, env: appEnv, signal });
  print("✓ database prepared: the shop's tables, publication, replication slot");
  const { source } = await loadConfig(env.WALMQ_CONFIG ?? `${root}/walmq.config.ts`);
  print(`… starting ${WORKING_APPS.join(', ')}, dashboard`);
  const dashboard = await startApps(run, appEnv);
  print('✓ all apps ready\n');

  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4, application_name: 'walmq-demo' });
  // The error of an idle connection is not reported: the next query rejects.
  pool.on('error', () => {});
  try {
    const baseline = await readBaseline(pool);
    const story = await playScenario({ pool, print, signal });
    print('\n… checking what has come of it');
    const effects = expectedEffects({ pool, inbox, story, baseline });
    const missing = await missingEffects(effects, signal);
    print(`${effects.length - missing.length} of ${effects.length} expected effects are there.\n`);
    for (const name of missing) print(`✗ missing: ${name}`);
    const summary = await summarize({
      pool,
      services,
      slot: source.slot,
      shownMail: `Order ${story.shipped.orderId} has shipped`,
    });
    for (const line of summary) print(line);
    if (once) return missing;
    const { orderId } = story.shipped;
    for (const line of whereToLook({ services, dashboardUrl: dashboard.url, orderId })) print(line);
  } finally {
    await pool.end();
  }
  print('\nRunning until Ctrl+C.\n');
  return await new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  );
}

/** Starts every app at once; resolves to the dashboard. */
async function startApps(run: Run, env: NodeJS.ProcessEnv): Promise<App> {
  const { root, once, print, signal, watchdog, fail } = run;
  const mayRestart = (ending: string) => {
    if (once) fail(new DemoError('APP_DIED', `${ending}.`));
    else print(`${ending}; starting it again`);
    return !once;
  };
  const start = (name: string) => startApp({ name, root, env, watchdog, print, mayRestart, signal });
  const [dashboard] = await Promise.all([start('dashboard'), ...WORKING_APPS.map(start)]);
  return dashboard;
}
