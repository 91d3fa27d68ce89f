export * from '@walmq/sinks/analytics';
