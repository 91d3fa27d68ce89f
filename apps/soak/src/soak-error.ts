import { CodedError } from '@walmq/change';

/** An error of the soak. Its codes are not in walmq's registry, because the soak is not part of the product. */
export class SoakError extends CodedError<
  'SOAK_ARGUMENTS' | 'SOAK_STUCK' | 'SOAK_PROCESS_ENDED' | 'SOAK_COMMAND_FAILED' | 'SOAK_RESULTS'
> {}
