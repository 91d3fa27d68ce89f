import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Job } from 'bullmq';
import { Pool } from 'pg';
import type { Change } from 'walmq';
import type { OrdersRow } from './tables.js';

@Injectable()
class Database implements OnApplicationShutdown {
  readonly pool = new Pool({ connectionString: process.env.DATABASE_URL });

  async onApplicationShutdown() {
    await this.pool.end();
  }
}

@Processor('plain', { concurrency: 20 })
class PlainProcessor extends WorkerHost {
  constructor(private readonly database: Database) {
    super();
  }

  async process({ data }: Job<Change<OrdersRow>>) {
    if (Math.random() < 0.1) throw new Error('one of ten');
    // The queue delivers at least once: the id of the change tells a repetition.
    await this.database.pool.query(
      `INSERT INTO made (by, id, step, change_id) VALUES ('plain', $1, $2, $3) ON CONFLICT DO NOTHING`,
      [data.after?.id, data.after?.step, data.id],
    );
    if (Math.random() < 0.1) throw new Error('one of ten');
  }
}

@Module({
  imports: [
    BullModule.forRoot({ connection: { url: process.env.REDIS_URL }, prefix: process.env.WORLD }),
    BullModule.registerQueue({ name: 'plain' }),
  ],
  providers: [Database, PlainProcessor],
})
class ProcessorModule {}

const app = await NestFactory.createApplicationContext(ProcessorModule);
app.enableShutdownHooks();
console.log('started');
