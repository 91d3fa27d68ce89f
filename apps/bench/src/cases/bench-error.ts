import { CodedError } from '@walmq/change';

/** A fault of the benchmark itself, which measures walmq and is no part of it. */
export class BenchError extends CodedError<
  'BENCH_ARGUMENTS' | 'BENCH_CHILD_ENDED' | 'BENCH_EMPTY' | 'BENCH_RECVLOGICAL' | 'BENCH_STUCK'
> {}
