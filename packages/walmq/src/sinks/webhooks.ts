/**
 * A worker that sends changes to HTTP endpoints, signed as Standard Webhooks specify.
 *
 * @packageDocumentation
 */

export {
  defineWebhooks,
  loadWebhooks,
  payloadOf,
  type WebhookBatch,
  type WebhookEndpoint,
  type WebhookPayload,
  type WebhooksConfig,
  webhookWorker,
} from '@walmq/sinks/webhooks';
