import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runWorkerApp } = await import('@walmq/worker');
const { inventoryApp } = await import('./inventory-app.js');
await runWorkerApp(inventoryApp);
