import type { IncomingMessage } from 'node:http';
import { CodedError, WalmqError } from '@walmq/change';
import { loadConfig, type WalmqConfig } from '@walmq/config';
import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Environment, type Need, readEnvironment } from './environment.js';
import { createLog, type Logger } from './log/log.js';
import type { OwnVariables, ValuesOf } from './own-variables.js';
import { Parts } from './parts.js';
import type { ReadyCheck } from './ready-checks.js';
import { requireOptions } from './require-options.js';
import { sentenceOf } from './sentence-of.js';
import { onStopSignals } from './stop-signals.js';
import { startTracing } from './tracing.js';

/** What a long-running process gets to build itself, whoever has started it. */
export interface ServiceParts<Own = unknown> {
  readonly config: WalmqConfig;
  readonly environment: Readonly<Environment & Own>;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Aborted when the process must stop. */
  readonly stopping: AbortSignal;
  /** Runs at shutdown; the last one registered runs first. */
  onStop(name: string, stop: () => Promise<void>): void;
  /** Adds a check to /ready. */
  readyWhen(name: string, check: ReadyCheck): void;
  /** Ends the process because of a fault: logs one sentence, drains, exit code 1. */
  fail(error: unknown): void;
}

/** What a process of its own gets besides. */
export interface Service<Own = unknown> extends ServiceParts<Own> {
  /** Serves /live, /ready and /metrics. An app may add routes until `start` has resolved. */
  readonly http: FastifyInstance;
}

/** A process: its name, port, needs and start. */
export interface ServiceOptions<Own extends OwnVariables> {
  readonly name: string;
  readonly defaultPort: number;
  readonly needs: readonly Need[];
  /** Environment variables of this app alone. */
  readonly own?: Own;
  /** Makes the function that returns the URL by which a request is routed. Default: the request's own URL. */
  readonly rewriteUrl?: (
    environment: Readonly<Environment & ValuesOf<Own>>,
  ) => (request: IncomingMessage) => string;
  readonly start: (service: Service<ValuesOf<Own>>) => Promise<void>;
}

/** What the starter of a program has read already. */
export interface Start {
  /** Default: the variables of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default: the configuration that WALMQ_CONFIG names. */
  readonly config?: WalmqConfig;
}

/**
 * The life of a process: configuration, environment, log, health, start; at SIGTERM, SIGINT or SIGHUP the
 * stop hooks, then exit code 0. Exit code 1 after a fault, a log that cannot be written, a later signal, or a
 * drain that takes longer than WALMQ_SHUTDOWN_MS.
 */
export async function runService<Own extends OwnVariables = Record<never, never>>(
  options: ServiceOptions<Own>,
  { env = process.env, config }: Start = {},
): Promise<void> {
  try {
    requireOptions(options, ['name', 'defaultPort', 'needs', 'start']);
    const configured = config ?? (await loadConfig(env.WALMQ_CONFIG || undefined));
    await new Process(options, configured, env).run();
  } catch (error) {
    console.error(sentenceOf(error));
    process.exit(1);
  }
}

class Process<Own extends OwnVariables> {
  readonly #options: ServiceOptions<Own>;
  readonly #config: WalmqConfig;
  readonly #environment: Readonly<Environment & ValuesOf<Own>>;
  readonly #log: Logger;
  readonly #metrics = new Registry();
  readonly #parts = new Parts();
  #exitCode = 0;

  constructor(
    options: ServiceOptions<Own>,
    config: WalmqConfig,
    env: Readonly<Record<string, string | undefined>>,
  ) {
    this.#options = options;
    this.#config = config;
    this.#environment = readEnvironment({
      env,
      config,
      defaultPort: options.defaultPort,
      needs: options.needs,
      prettyByDefault: process.stdout.isTTY === true,
      own: options.own ?? ({} as Own),
    });
    this.#log = createLog(options.name, this.#environment, error => this.#logLost(error));
    collectDefaultMetrics({ register: this.#metrics });
  }

  async run(): Promise<void> {
    onStopSignals({
      stop: signal => {
        this.#log.debug({ event: 'process:stopping', signal }, 'Draining');
        this.#stop();
      },
      hurry: () => process.exit(1),
    });
    for (const warning of this.#config.warnings) this.#log.warn({ event: 'config:warning' }, warning);
    process.on('uncaughtException', error => this.#fail(error));
    process.on('unhandledRejection', error => this.#fail(notAwaited(error)));
    if (this.#environment.tracing) {
      // Registered first, so that it stops last and also sends the spans of the other hooks.
      const tracing = await startTracing(this.#options.name);
      this.#parts.onStop('tracing', tracing.stop);
    }
    const rewriteUrl = this.#options.rewriteUrl?.(this.#environment);
    // Loaded here: a process that starts handlers without runService does not load Fastify.
    const { createHealthServer } = await import('./health.js');
    const http = createHealthServer(this.#parts.checks, this.#metrics, rewriteUrl);
    await this.#options.start({
      config: this.#config,
      environment: this.#environment,
      log: this.#log,
      metrics: this.#metrics,
      http,
      stopping: this.#parts.stopping,
      onStop: (name, stop) => this.#parts.onStop(name, stop),
      readyWhen: (name, check) => this.#parts.readyWhen(name, check),
      fail: error => this.#fail(error),
    });
    const url = await listen(http, this.#environment);
    this.#log.info({ event: 'http:listening', url }, `${this.#options.name} serves ${url}`);
    this.#parts.onStop('http', async () => await http.close());
  }

  #fail(error: unknown): void {
    this.#exitCode = 1;
    this.#log.debug({ err: error }, 'The stack of the fault that follows');
    this.#log.fatal(
      { event: 'process:failed', code: (Object(error) as { code?: unknown }).code },
      sentenceOf(error),
    );
    this.#stop();
  }

  /** Later errors could not be logged. */
  #logLost(error: Error): void {
    this.#exitCode = 1;
    process.stderr.on('error', () => {});
    const lost = new WalmqError('LOG_LOST', `the log cannot be written: ${error.message}.`, {
      remedy: 'Start the process again with a stdout that is read, or a file on a disk with free space.',
    });
    process.stderr.write(`${lost.sentence}\n`);
    this.#stop();
  }

  #stop(): void {
    if (this.#parts.stopping.aborted) return;
    const { shutdownMs } = this.#environment;
    setTimeout(() => {
      this.#log.error(
        { event: 'process:overdue', part: this.#parts.current },
        `Not drained within ${shutdownMs} ms: ${this.#parts.current} has not stopped. Nothing is lost by that`,
      );
      process.exit(1);
    }, shutdownMs);
    void this.#parts.stop(this.#log).then(stoppedWell => process.exit(stoppedWell ? this.#exitCode : 1));
  }
}

/** The error does not tell which promise rejected. A WalmqError does, by its code. */
function notAwaited(cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause;
  return new WalmqError('PROMISE_NOT_AWAITED', `unhandled promise rejection: ${sentenceOf(cause)}.`, {
    remedy: 'Await it where it is made, or return it; at LOG_LEVEL=debug the stack is in the log.',
    cause,
  });
}

/** Throws PORT_IN_USE. */
async function listen(http: FastifyInstance, { host, port }: Environment): Promise<string> {
  try {
    return await http.listen({ host, port });
  } catch (cause) {
    throw new WalmqError('PORT_IN_USE', `cannot listen on ${host}:${port}: ${(cause as Error).message}.`, {
      remedy: 'Set WALMQ_PORT to another port, or to 0 for any free one.',
      cause,
    });
  }
}
