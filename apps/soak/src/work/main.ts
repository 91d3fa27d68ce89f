import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { readFile } = await import('node:fs/promises');
const { runWorkerApp } = await import('@walmq/worker');
const { workersOf } = await import('./handlers.js');

const setting = JSON.parse(await readFile(process.argv[2] as string, 'utf8'));
await runWorkerApp({
  name: 'soak-worker',
  defaultPort: 0,
  needs: ['database', 'redis'],
  workers: ({ config }, { pool }) => workersOf({ setting, queues: config.queues, pool }),
});
