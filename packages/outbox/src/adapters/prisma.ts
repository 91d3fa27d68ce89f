import type { QueryClient } from '../query-client.js';
import { transactionRequired } from '../transaction-required.js';

/** Prisma's interactive transaction: the argument of `prisma.$transaction(async tx => ...)`. */
export interface PrismaTransaction {
  $queryRawUnsafe(text: string, ...values: never[]): PromiseLike<unknown>;
}

/** Queries run on the connection of Prisma's transaction. Throws TRANSACTION_REQUIRED for a PrismaClient. */
export function fromPrisma(tx: PrismaTransaction): QueryClient {
  if (typeof (tx as { $connect?: unknown }).$connect === 'function')
    throw transactionRequired('the first argument is a PrismaClient without a transaction');
  return { query: async (text, values) => await tx.$queryRawUnsafe(text, ...(values as never[])) };
}
