import { errorSection } from '../entry.js';

export const sinkErrors = errorSection({
  WEBHOOK_SECRET_MISSING: {
    meaning: 'The secret of a webhook endpoint is missing or empty.',
    remedy: 'Set the secret, or name another place in the [webhooks configuration](../guides/webhooks.md).',
    from: ['workers'],
    outcome: 'ends',
  },
  WEBHOOK_SECRET_INVALID: {
    meaning: 'The secret of a webhook endpoint is not `whsec_` and the base64 of 24 to 64 bytes.',
    remedy: 'Create one: `echo "whsec_$(openssl rand -base64 32)"`.',
    from: ['workers'],
    outcome: 'ends',
  },
  WEBHOOK_ADDRESS_REFUSED: {
    meaning: 'The host of an endpoint resolves to an address that is not public. walmq sends nothing there.',
    remedy: "If it may be called, add its range to the endpoint's `allowAddresses`.",
    from: ['workers'],
    outcome: 'change',
  },
  WEBHOOK_REFUSED: {
    meaning: 'The endpoint answered with a status that is no success.',
    remedy: 'Read the status in the error: [answers](../guides/webhooks.md).',
    from: ['workers'],
    outcome: 'change',
  },
  WEBHOOK_TIMEOUT: {
    meaning: 'The endpoint did not answer in time.',
    remedy: 'Let the endpoint answer first and work later, or raise `timeoutMs`.',
    from: ['workers'],
    outcome: 'change',
  },
  WEBHOOK_UNREACHABLE: {
    meaning: 'No connection to the endpoint can be opened.',
    remedy: 'Check the address of the endpoint, its name server and its certificate.',
    from: ['workers'],
    outcome: 'change',
  },
  SINK_FAILED: {
    meaning: 'ClickHouse or BigQuery did not accept the facts now.',
    remedy: 'Read the error number or word: [analytics](../guides/analytics.md). The change is tried again.',
    from: ['workers'],
    outcome: 'change',
  },
  SINK_CREDENTIALS: {
    meaning:
      'There are no credentials for BigQuery, Google refused them, or their account may not write to the dataset.',
    remedy:
      'Set GOOGLE_APPLICATION_CREDENTIALS or `keyFilename`, and give the account `roles/bigquery.dataEditor`: [BigQuery](../guides/analytics.md#bigquery).',
    from: ['workers'],
    outcome: 'change',
  },
  SINK_NOT_INSTALLED: {
    meaning:
      'A worker writes to ClickHouse or BigQuery, and its client is not installed: walmq does not need it otherwise.',
    remedy: 'Run `npm install @clickhouse/client` or `npm install @google-cloud/bigquery` in the project.',
    from: ['workers'],
    outcome: 'ends',
  },
  SINK_UNREACHABLE: {
    meaning: 'ClickHouse or BigQuery cannot be reached.',
    remedy: 'Check its address, and that it runs. The change is tried again.',
    from: ['workers'],
    outcome: 'change',
  },
});
