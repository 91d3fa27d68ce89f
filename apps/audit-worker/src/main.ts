import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runWorkerApp } = await import('@walmq/worker');
const { auditApp } = await import('./audit-app.js');
await runWorkerApp(auditApp);
