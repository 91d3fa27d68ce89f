import { runWorkerApp } from 'walmq';
import orders from './worker.js';

await runWorkerApp({ name: 'orders', defaultPort: 0, needs: ['database', 'redis'], workers: () => [orders] });
