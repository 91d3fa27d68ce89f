import { Logger } from '@nestjs/common';
import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';
import {
  type StartedWorkers,
  type StartWorkersOptions,
  startWorkers,
  type WorkerDefinition,
} from '@walmq/worker';
import { definitionsOf, type WorkerObject } from './definitions-of.js';
import { logIntoNest } from './log-into-nest.js';

/** What the module reads and opens. Without options: as a worker process does. */
export interface WalmqModuleOptions extends Omit<StartWorkersOptions, 'workers' | 'log'> {
  /** Workers that are not providers of the application, such as the audit log. */
  readonly workers?: readonly WorkerDefinition[] | undefined;
  /** A logger for entries with fields. Default: NestJS's logger, which gets lines of text. */
  readonly log?: Exclude<StartWorkersOptions['log'], (entry: never) => void>;
  /** False: no worker runs, for a process that only serves pages, and for tests. Default: true. */
  readonly enabled?: boolean | undefined;
}

/** The running workers of the application: whether they are ready, and their metrics. */
export class Walmq {
  readonly #options: WalmqModuleOptions;
  readonly #discovery: DiscoveryService;
  readonly #modules: ModuleRef;
  #started: StartedWorkers | undefined;

  constructor(options: WalmqModuleOptions, discovery: DiscoveryService, modules: ModuleRef) {
    this.#options = options;
    this.#discovery = discovery;
    this.#modules = modules;
  }

  /** The pool and the registry of metrics. Undefined before the application has started, and if the workers are disabled. */
  get workers(): Pick<StartedWorkers, 'pool' | 'metrics'> | undefined {
    return this.#started;
  }

  /** The reasons why the workers are not ready, by part. Empty: ready, or disabled. */
  async reasons(): Promise<Record<string, string>> {
    if (this.#started) return await this.#started.reasons();
    return this.#options.enabled === false ? {} : { workers: 'the application has not started yet' };
  }

  /** The same as a health indicator of @nestjs/terminus. */
  async health<Key extends string = 'walmq'>(
    key: Key = 'walmq' as Key,
  ): Promise<Record<Key, { status: 'up' | 'down'; reasons?: Record<string, string> }>> {
    const reasons = await this.reasons();
    const isUp = Object.keys(reasons).length === 0;
    const state = isUp ? { status: 'up' as const } : { status: 'down' as const, reasons };
    return { [key]: state } as Record<Key, typeof state>;
  }

  /** Called by NestJS once all providers are there. */
  async onApplicationBootstrap(): Promise<void> {
    const {
      enabled = true,
      workers = [],
      log = logIntoNest(new Logger('walmq')),
      ...options
    } = this.#options;
    const definitions = [...definitionsOf(this.#workerObjects()), ...workers];
    if (enabled) this.#started = await startWorkers({ ...options, log, workers: definitions });
  }

  /** Drains: called when the application closes, before other modules close what handlers use. */
  async stop(): Promise<void> {
    await this.#started?.stop();
  }

  #workerObjects(): WorkerObject[] {
    return this.#discovery
      .getProviders()
      .filter(({ instance }) => typeof instance === 'object' && instance !== null && instance.constructor)
      .map(wrapper => {
        const instance: object = wrapper.instance;
        if (wrapper.isDependencyTreeStatic()) return { instance };
        // A provider for each request: there is one for each change, which it may inject as REQUEST.
        return {
          instance,
          resolve: async change => {
            const contextId = ContextIdFactory.create();
            this.#modules.registerRequestByContextId(change, contextId);
            return await this.#modules.resolve(wrapper.token, contextId, { strict: false });
          },
        };
      });
  }
}
