import { type Lsn, sqlIdentifier } from '@walmq/change';
import type { Client, Connection } from 'pg';
import { AbstractPlugin } from 'pg-logical-replication/dist/output-plugins/abstract.plugin.js';
import { SQL_ASCII } from '../decode/encoding.js';
import type { Message } from '../protocol/messages.js';
import { PgoutputParser } from '../protocol/parse.js';
import { noticeKind, warningText } from '../protocol/server-warning.js';
import { publicationMissing } from './failure.js';

/** Methods of pg's Connection for a COPY stream, which its type declarations omit. */
export type CopyConnection = Connection & { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

/** https://www.postgresql.org/docs/current/protocol-replication.html */
const KEEPALIVE = 'k'.charCodeAt(0);
/** 'w', the start of the message in the WAL, the end of the WAL, and the time. */
const WAL_HEADER_BYTES = 25;
const REPLY_REQUESTED_AT = 17;

interface PgoutputOptions {
  readonly publication: string;
  /** Encoding of the database. */
  readonly encoding: string;
  /** Gets every message in the order of the stream, and its length in bytes (0 for a keepalive). */
  readonly onMessage: (message: Message, bytes: number) => void;
  /**
   * Gets the error of a message that cannot be parsed, because `parse` must not throw in the socket's callback.
   * Also gets PUBLICATION_MISSING.
   */
  readonly onUnreadable: (error: unknown) => void;
  /** Gets a warning of the server that does not end the stream, as a sentence. */
  readonly onWarning: (sentence: string) => void;
  /** Gets the connection and the process id of its walsender, just before replication starts. */
  readonly onConnection: (connection: CopyConnection, pid: number) => void;
}

/**
 * pgoutput plugin for pg-logical-replication with walmq's own parser. The parser of the package turns unchanged TOAST values
 * into undefined, timestamps into local Dates and OIDs above 2^31 into negative numbers, and throws inside the socket's
 * callback. This plugin reads the stream itself and passes messages directly to `onMessage`.
 */
export class PgoutputPlugin extends AbstractPlugin<PgoutputOptions> {
  readonly #parser = new PgoutputParser();

  get name(): string {
    return 'pgoutput';
  }

  /** The service calls this from the listener that `start` replaces. */
  override parse(): never {
    throw new Error('the stream is read by its own listener');
  }

  #read(chunk: Buffer): void {
    try {
      if (chunk[0] === KEEPALIVE) {
        this.options.onMessage(keepalive(chunk), 0);
        return;
      }
      const message = this.#parser.parse(chunk.subarray(WAL_HEADER_BYTES));
      if (message) this.options.onMessage(message, chunk.length - WAL_HEADER_BYTES);
    } catch (error) {
      this.options.onUnreadable(error);
    }
  }

  /** Resolves when the stream ends; rejects if the stream breaks. */
  override async start(client: Client, slot: string, startLsn: string): Promise<unknown> {
    client.on('notice', notice => {
      const kind = noticeKind(notice);
      if (kind === 'publication-missing') this.options.onUnreadable(publicationMissing(notice.message));
      if (kind === 'warning') this.options.onWarning(warningText(notice));
    });
    const { connection, processID } = client as Client & { connection: CopyConnection; processID: number };
    this.options.onConnection(connection, processID);
    // One listener in place of two: the service's makes texts of every message's LSN, and the driver's own has nothing to do
    // here. Together they took a tenth of capture's allocations.
    connection.removeAllListeners('copyData');
    connection.on('copyData', ({ chunk }: { chunk: Buffer }) => this.#read(chunk));
    // Slot names contain only [a-z0-9_], so they need no quoting. PostgreSQL reads the publication's name as an identifier
    // inside a string literal. The only escape in such a literal of the replication grammar is a doubled quote.
    const publication = sqlIdentifier(this.options.publication).replaceAll("'", "''");
    // pg sets client_encoding to UTF-8 when it connects. A SQL_ASCII database stores bytes unchecked, so the server would
    // validate them for UTF-8 when it sends them, and end the stream at the first invalid ones.
    if (this.options.encoding === SQL_ASCII) await client.query(`SET client_encoding TO '${SQL_ASCII}'`);
    return await client.query(
      `START_REPLICATION SLOT "${slot}" LOGICAL ${startLsn} ` +
        `(proto_version '1', publication_names '${publication}', messages 'true')`,
    );
  }
}

function keepalive(chunk: Buffer): Message {
  return {
    tag: 'keepalive',
    walEnd: chunk.readBigUInt64BE(1) as Lsn,
    replyRequested: chunk[REPLY_REQUESTED_AT] === 1,
  };
}
