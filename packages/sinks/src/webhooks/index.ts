export { defineWebhooks, type WebhooksConfig } from './define.js';
export { webhookWorker } from './deliver.js';
export type { WebhookBatch, WebhookEndpoint } from './endpoint.js';
export { loadWebhooks } from './load.js';
export { payloadOf, type WebhookPayload } from './payload.js';
export { parseSecrets } from './secret.js';
