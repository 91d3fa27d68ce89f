import { NestFactory } from '@nestjs/core';
import { Walmq } from 'walmq/nestjs';
import { AppModule } from './app.module.js';

async function main() {
  const app = await NestFactory.createApplicationContext(AppModule);
  app.enableShutdownHooks();
  const walmq = app.get(Walmq);
  console.log(`started ${JSON.stringify(await walmq.health())}`);
  process.on('SIGUSR2', async () =>
    console.log(`asked ${JSON.stringify(await walmq.health())} ${await walmq.workers?.metrics.metrics()}`),
  );
}

void main();
