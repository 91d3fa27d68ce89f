import { endAtEarlySignal } from '@walmq/runtime/signals';

endAtEarlySignal();
const { runCapture } = await import('./run-capture.js');
await runCapture();
