import { setTimeout as delay } from 'node:timers/promises';
import { untilReady } from '@walmq/supervise';
import { DemoError } from './demo-error.js';
import { type AppOptions, launchApp, type RunningApp } from './launch-app.js';

export interface App {
  readonly name: string;
  /** On a port of its own; the same after a restart. */
  readonly url: string;
}

export interface SupervisedAppOptions extends AppOptions {
  /** Called when a ready app ended unexpectedly. True: start it again. */
  readonly mayRestart: (ending: string) => boolean;
  /** Aborted: the app is about to end, and must not be started again. */
  readonly signal: AbortSignal;
}

const READY_TIMEOUT_MS = 45_000;
const RESTART_DELAY_MS = 1000;
const MAX_RESTART_DELAY_MS = 15_000;

/** Starts an app, waits until it is ready, and starts it again whenever it ends. Throws APP_NOT_READY. */
export async function startApp(options: SupervisedAppOptions): Promise<App> {
  const { name, signal } = options;
  const running = launchApp(options, 0);
  const url = await becomeReady(options, running);
  keepRunning(options, running, url).catch((error: Error) => {
    if (!signal.aborted) options.print(`${name}: ${error.message}`);
  });
  return { name, url };
}

async function keepRunning(options: SupervisedAppOptions, first: RunningApp, url: string): Promise<void> {
  const { name, print, signal, mayRestart } = options;
  let delayMs = RESTART_DELAY_MS;
  for (let running = first; ; ) {
    const ending = await running.ended;
    if (signal.aborted || !mayRestart(`${name} ended unexpectedly (${ending})`)) return;
    await delay(delayMs, undefined, { signal });
    running = launchApp(options, Number(new URL(url).port));
    try {
      await becomeReady(options, running);
      print(`${name}: started again, and ready`);
      delayMs = RESTART_DELAY_MS;
    } catch (error) {
      if (!(error instanceof DemoError)) throw error;
      // Restarts if it is killed while it starts; this is the limit.
      print(error.message);
      delayMs = Math.min(2 * delayMs, MAX_RESTART_DELAY_MS);
    }
  }
}

async function becomeReady(options: SupervisedAppOptions, running: RunningApp): Promise<string> {
  const { name, signal } = options;
  const readiness = await untilReady(running, { timeoutMs: READY_TIMEOUT_MS, signal });
  if ('url' in readiness) return readiness.url;
  const words = running.lastWords();
  throw new DemoError(
    'APP_NOT_READY',
    `${name} did not become ready: ${readiness.reasons}.${words && `\n${words}`}`,
  );
}
