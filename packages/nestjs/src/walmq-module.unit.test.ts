import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { WalmqWorker } from './decorators.js';
import { Walmq, type WalmqModuleOptions } from './walmq.js';
import { WalmqModule } from './walmq-module.js';

/** An application without servers. */
async function applicationOf(options: WalmqModuleOptions, providers: (new () => object)[] = []) {
  class AppModule {}
  Module({ imports: [WalmqModule.forRoot(options)], providers })(AppModule);
  return await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

describe('the module', () => {
  it('starts no worker where they are disabled, and is healthy then', async () => {
    const app = await applicationOf({ enabled: false });
    const walmq = app.get(Walmq);
    expect(walmq.workers).toBeUndefined();
    expect(await walmq.health()).toEqual({ walmq: { status: 'up' } });
    expect(await walmq.health('queues')).toEqual({ queues: { status: 'up' } });
    await app.close();
  });

  it('does not let the application start with a class that is wrong, disabled or not', async () => {
    class Idle {}
    WalmqWorker('orders')(Idle);
    await expect(applicationOf({ enabled: false }, [Idle])).rejects.toMatchObject({
      code: 'WORKER_CLASS_INVALID',
    });
  });

  it('does not let the application start without the variables that it needs', async () => {
    const config = { queues: { orders: { table: 'orders' } } };
    await expect(applicationOf({ config, env: {} })).rejects.toMatchObject({ code: 'ENVIRONMENT_INVALID' });
  });
});
