import { CodedError } from '@walmq/change';

/** An error of the benchmark. Its codes are not in walmq's registry, because the benchmark is not part of the product. */
export class BenchError extends CodedError<
  | 'BENCH_ARGUMENTS'
  | 'BENCH_CHILD_ENDED'
  | 'BENCH_EMPTY'
  | 'BENCH_PAGE'
  | 'BENCH_PEERS'
  | 'BENCH_RECVLOGICAL'
  | 'BENCH_STUCK'
> {}
