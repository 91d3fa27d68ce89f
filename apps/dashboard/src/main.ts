import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runDashboard } = await import('./run-dashboard.js');
await runDashboard();
