import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runWorkerApp } = await import('@walmq/worker');
const { changeLogApp } = await import('./change-log-app.js');
await runWorkerApp(changeLogApp);
