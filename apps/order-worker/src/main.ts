import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runWorkerApp } = await import('@walmq/worker');
const { orderApp } = await import('./order-app.js');
await runWorkerApp(orderApp);
