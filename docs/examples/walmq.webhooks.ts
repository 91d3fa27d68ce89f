import { defineWebhooks } from '@walmq/sinks/webhooks';

export default defineWebhooks({
  endpoints: {
    crm: {
      url: { env: 'CRM_WEBHOOK_URL' }, // https://crm.example.com/hooks/shop
      secrets: [{ env: 'CRM_WEBHOOK_SECRET' }],
      // Only to try it on one machine:
      allowHttp: true,
      allowAddresses: ['127.0.0.0/8', '::1/128'],
    },
  },
});
