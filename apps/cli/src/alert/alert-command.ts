import { openTargets, placeOf, type Target, testTargets, Watcher } from '@walmq/alerts';
import { WalmqError } from '@walmq/change';
import type { AlertsConfig, WalmqConfig } from '@walmq/config';
import { logInto } from '@walmq/runtime';
import { openStatusReader } from '../status/status-reader.js';
import {
  type CommandIo,
  configOf,
  databaseUrlOf,
  EXIT,
  redisUrlOf,
  valueOrWhy,
} from '../terminal/command.js';
import { printable } from '../terminal/printable.js';
import { runAlerts } from './run-alerts.js';

export interface AlertOptions {
  readonly watch?: boolean;
  readonly test?: boolean;
}

/** Resolves to the exit code. */
export async function alertCommand(io: CommandIo, { watch, test }: AlertOptions): Promise<number> {
  const config = await configOf(io);
  const alerts = alertsOf(config);
  const targets = await openTargets(alerts, io.env);
  if (test) return await testAll(io, targets, { config, alerts });
  if (watch) {
    await runAlerts({ config, alerts, targets }, { env: io.env, config });
    return EXIT.ok;
  }
  return await lookOnce(io, targets, { config, alerts });
}

function alertsOf({ alerts }: WalmqConfig): AlertsConfig {
  if (alerts) return alerts;
  throw new WalmqError('ALERTS_MISSING', 'the configuration has no "alerts".', {
    remedy: 'Add alerts: { targets: { ... } } to walmq.config.ts.',
  });
}

interface Configured {
  readonly config: WalmqConfig;
  readonly alerts: AlertsConfig;
}

async function testAll(io: CommandIo, targets: readonly Target[], configured: Configured): Promise<number> {
  const tested = await testTargets(targets, placeOf(configured));
  for (const { target, error } of tested)
    if (error === null) io.print(`${target}: sent`);
    else io.printError(`${target}: not sent: ${printable(error)}`);
  return tested.every(({ error }) => error === null) ? EXIT.ok : EXIT.failed;
}

async function lookOnce(
  io: CommandIo,
  targets: readonly Target[],
  { config, alerts }: Configured,
): Promise<number> {
  const reader = openStatusReader({
    config,
    databaseUrl: valueOrWhy(() => databaseUrlOf(io, config)),
    redisUrl: valueOrWhy(() => redisUrlOf(io, config)),
  });
  const watcher = new Watcher({
    config,
    alerts,
    targets,
    // The outcome is printed below.
    log: logInto(() => undefined),
    database: reader.pool,
    stateFile: io.env.WALMQ_ALERT_STATE,
  });
  try {
    const { status, redis } = await reader.lookWithRedis();
    const { leads, sent, failures } = await watcher.tell(status, redis);
    await watcher.close(redis);
    if (!leads) io.print('Another process watches, and sends the messages.');
    else io.print(`${sent} sent, ${failures.length} not sent.`);
    for (const { target, error } of failures) io.printError(`${target}: ${printable(error)}`);
    return failures.length === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await reader.close();
  }
}
