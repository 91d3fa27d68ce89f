import { CodedError } from '@walmq/change';

/** A fault of the demo shop. The shop uses walmq and is not part of it. */
export class DemoError extends CodedError<
  'APP_DIED' | 'APP_NOT_READY' | 'DEMO_ARGUMENTS' | 'DEMO_NOT_RESERVED' | 'DEMO_SETUP'
> {}
