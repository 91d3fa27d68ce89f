export * from '@walmq/worker/testing';
