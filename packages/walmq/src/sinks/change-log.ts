export * from '@walmq/sinks/change-log';
