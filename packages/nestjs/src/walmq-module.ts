import {
  type ConfigurableModuleAsyncOptions,
  ConfigurableModuleBuilder,
  type DynamicModule,
  Global,
  Inject,
  Module,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, ModuleRef } from '@nestjs/core';
import { Walmq, type WalmqModuleOptions } from './walmq.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<WalmqModuleOptions>()
  .setClassMethodName('forRoot')
  .build();

/** Provides Walmq everywhere. */
class WalmqCoreModule extends ConfigurableModuleClass {}
Global()(WalmqCoreModule);
Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: Walmq,
      inject: [MODULE_OPTIONS_TOKEN, DiscoveryService, ModuleRef],
      useFactory: (options: WalmqModuleOptions, discovery: DiscoveryService, modules: ModuleRef) =>
        new Walmq(options, discovery, modules),
    },
  ],
  exports: [Walmq],
})(WalmqCoreModule);

/**
 * Runs the classes with `@WalmqWorker` among the providers of the application. Import it once, last in the root module: it
 * starts when the application starts, and drains first when the application closes.
 */
export class WalmqModule {
  readonly #walmq: Walmq;

  constructor(walmq: Walmq) {
    this.#walmq = walmq;
  }

  /** The options, as they are known when the module is loaded. */
  static forRoot(options: WalmqModuleOptions = {}): DynamicModule {
    return { module: WalmqModule, imports: [WalmqCoreModule.forRoot(options)] };
  }

  /** The options, made of other providers. */
  static forRootAsync(options: ConfigurableModuleAsyncOptions<WalmqModuleOptions>): DynamicModule {
    return { module: WalmqModule, imports: [WalmqCoreModule.forRootAsync(options)] };
  }

  // Not in the global module: NestJS closes global modules last.
  async onModuleDestroy(): Promise<void> {
    await this.#walmq.stop();
  }
}
Module({})(WalmqModule);
Inject(Walmq)(WalmqModule, undefined, 0);
