export * from '@walmq/sinks/webhooks';
