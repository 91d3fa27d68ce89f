import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runWorkerApp } = await import('@walmq/worker');
const { webhookApp } = await import('./webhook-app.js');
await runWorkerApp(webhookApp);
