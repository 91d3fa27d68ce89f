export { defineWebhooks, type WebhooksConfig } from './configure/define.js';
export type { WebhookBatch, WebhookEndpoint } from './configure/endpoint.js';
export { loadWebhooks } from './configure/load.js';
export { parseSecrets } from './configure/secret.js';
export { webhookWorker } from './deliver.js';
export { payloadOf, type WebhookPayload } from './request/payload.js';
