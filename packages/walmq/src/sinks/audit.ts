export * from '@walmq/sinks/audit';
