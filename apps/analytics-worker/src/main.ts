import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runWorkerApp } = await import('@walmq/worker');
const { analyticsApp } = await import('./analytics-app.js');
await runWorkerApp(analyticsApp);
