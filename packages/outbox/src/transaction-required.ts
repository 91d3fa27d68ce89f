import { WalmqError } from '@walmq/change';

/** An event that is sent outside the transaction is delivered although the transaction rolls back. */
export function transactionRequired(reason: string): WalmqError {
  return new WalmqError('TRANSACTION_REQUIRED', `the event or context has no transaction: ${reason}.`, {
    remedy: 'Pass the open transaction: docs/guides/libraries.md lists the libraries and their adapters.',
  });
}
