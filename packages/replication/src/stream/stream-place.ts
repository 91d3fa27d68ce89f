import { LSN_ZERO, type Lsn, maxLsn, qualifiedName } from '@walmq/change';
import type { Message } from '../protocol/messages.js';

/** How far a stream has come, to find the change that the server could not send next. */
export interface StreamPlace {
  /** Begin message of the transaction that the server is sending; undefined between two transactions. */
  readonly transaction: Extract<Message, { tag: 'begin' }> | undefined;
  /** LSN before which every committed transaction has been sent. */
  readonly committedUpTo: Lsn;
  /** `schema.table` of the last change that the server sent in this transaction. */
  readonly table: string | undefined;
}

/** Follows the messages of a stream. Only a few assignments per message, because this is the hot path. */
export class PlaceKeeper {
  #transaction: StreamPlace['transaction'];
  #committedUpTo = LSN_ZERO;
  #relation: { readonly schema: string; readonly table: string } | undefined;

  follow(message: Message): void {
    switch (message.tag) {
      case 'begin':
        this.#transaction = message;
        this.#relation = undefined;
        break;
      case 'commit':
        this.#transaction = undefined;
        this.#committedUpTo = message.endLsn;
        break;
      case 'keepalive':
        if (!this.#transaction) this.#committedUpTo = maxLsn(this.#committedUpTo, message.walEnd);
        break;
      case 'insert':
      case 'update':
      case 'delete':
        this.#relation = message.relation;
        break;
    }
  }

  get place(): StreamPlace {
    const relation = this.#relation;
    return {
      transaction: this.#transaction,
      committedUpTo: this.#committedUpTo,
      table: this.#transaction && relation && qualifiedName(relation),
    };
  }
}
