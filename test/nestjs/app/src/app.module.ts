import { Inject, Module } from '@nestjs/common';
import { Walmq, WalmqModule } from 'walmq/nestjs';
import { Ledger } from './ledger.js';
import { OrdersWorker, PaymentsWorker } from './orders.worker.js';
import { BatchesWorker, RequestsWorker } from './others.worker.js';

@Module({ providers: [{ provide: 'SETTINGS', useValue: { shutdownMs: 60_000 } }], exports: ['SETTINGS'] })
class SettingsModule {}

/** Closes what handlers use, after the drain. */
class Closing {
  constructor(@Inject(Walmq) private readonly walmq: Walmq) {}

  async onApplicationShutdown() {
    console.log(`closed ${JSON.stringify(await this.walmq.health())}`);
  }
}

@Module({
  imports: [
    WalmqModule.forRootAsync({
      imports: [SettingsModule],
      inject: ['SETTINGS'],
      useFactory: ({ shutdownMs }: { shutdownMs: number }) => ({
        env: { ...process.env, WALMQ_SHUTDOWN_MS: String(shutdownMs) },
      }),
    }),
  ],
  providers: [Ledger, OrdersWorker, PaymentsWorker, BatchesWorker, RequestsWorker, Closing],
})
export class AppModule {}
