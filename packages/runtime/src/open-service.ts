import { loadConfig, parseConfig, resolveConfig, type WalmqConfigInput } from '@walmq/config';
import { Registry } from 'prom-client';
import { type Need, readEnvironment } from './environment.js';
import { createLog, type LogEntry, type Logger, logInto } from './log/log.js';
import type { OwnVariables, ValuesOf } from './own-variables.js';
import { Parts } from './parts.js';
import { sentenceOf } from './sentence-of.js';
import type { ServiceParts } from './service.js';

export interface OpenServiceOptions<Own extends OwnVariables> {
  readonly name: string;
  readonly needs: readonly Need[];
  readonly own: Own;
  /** The input of `defineConfig`, or the path of its file. Default: WALMQ_CONFIG, or `walmq.config.ts`. */
  readonly config?: WalmqConfigInput | string | undefined;
  /** Environment variables. Default: those of the process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** A logger, or a function that takes each entry of LOG_LEVEL. Default: lines on standard output. */
  readonly log?: Logger | ((entry: LogEntry) => void) | undefined;
  /** Default: a registry of its own. */
  readonly metrics?: Registry | undefined;
  /** Called with a fault that needs a person, after it was logged. Until the next start, `reasons` names it. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

export interface OpenedService<Own> extends ServiceParts<Own> {
  /** The reasons why it is not ready, by part. Empty: ready. */
  reasons(): Promise<Record<string, string>>;
  /** Drains and closes all that was opened. */
  stop(): Promise<void>;
}

/**
 * A service within another program, which has the signals, the pages and the end of the process. Throws the errors of
 * loadConfig and readEnvironment.
 */
export async function openService<Own extends OwnVariables>(
  options: OpenServiceOptions<Own>,
): Promise<OpenedService<ValuesOf<Own>>> {
  const { name, needs, own, env = process.env, metrics = new Registry(), onFault } = options;
  const given = options.config ?? (env.WALMQ_CONFIG || undefined);
  const config =
    typeof given === 'object'
      ? resolveConfig(parseConfig(given, 'the configuration'))
      : await loadConfig(given);
  const prettyByDefault = process.stdout.isTTY === true;
  const environment = readEnvironment({ env, config, needs, own, prettyByDefault, defaultPort: 0 });
  const parts = new Parts();
  const log =
    typeof options.log === 'function'
      ? logInto(options.log, environment.logLevel)
      : (options.log ?? createLog(name, environment, fault));
  for (const warning of config.warnings) log.warn({ event: 'config:warning' }, warning);

  function fault(error: unknown): void {
    const sentence = sentenceOf(error);
    parts.readyWhen('fault', () => sentence);
    log.fatal({ event: 'process:failed', code: (Object(error) as { code?: unknown }).code }, sentence);
    onFault?.(error);
  }

  let stopped: Promise<unknown> | undefined;
  return {
    config,
    environment,
    log,
    metrics,
    stopping: parts.stopping,
    onStop: (part, stop) => parts.onStop(part, stop),
    readyWhen: (part, check) => parts.readyWhen(part, check),
    fail: fault,
    reasons: () => parts.reasons(),
    async stop() {
      stopped ??= parts.stop(log);
      await stopped;
    },
  };
}
