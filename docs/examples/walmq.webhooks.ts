import { defineWebhooks } from 'walmq/sinks/webhooks';

export default defineWebhooks({
  endpoints: {
    crm: {
      url: { env: 'CRM_WEBHOOK_URL' }, // https://crm.example.com/hooks/shop
      secrets: [{ env: 'CRM_WEBHOOK_SECRET' }],
      // For a test on one machine only:
      allowHttp: true,
      allowAddresses: ['127.0.0.0/8', '::1/128'],
    },
  },
});
