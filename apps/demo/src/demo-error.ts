import { CodedError } from '@walmq/change';

/** A fault of the demo shop, which uses walmq and is no part of it. */
export class DemoError extends CodedError<
  'APP_DIED' | 'APP_NOT_READY' | 'DEMO_ARGUMENTS' | 'DEMO_NOT_RESERVED' | 'DEMO_SETUP'
> {}
