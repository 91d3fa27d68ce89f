export {
  type Change,
  CodedError,
  type ErrorCode,
  type Json,
  parseExactJson,
  WalmqError,
} from '@walmq/change';
export { defineConfig, loadConfig, type WalmqConfig, type WalmqConfigInput } from '@walmq/config';
export * from '@walmq/worker';
