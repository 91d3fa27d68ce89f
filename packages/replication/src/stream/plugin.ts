import { sqlIdentifier } from '@walmq/change';
import type { Client, Connection } from 'pg';
import { AbstractPlugin } from 'pg-logical-replication/dist/output-plugins/abstract.plugin.js';
import { SQL_ASCII } from '../decode/encoding.js';
import type { Message } from '../protocol/messages.js';
import { PgoutputParser } from '../protocol/parse.js';
import { noticeKind, warningText } from '../protocol/server-warning.js';
import { publicationMissing } from './failure.js';

/** What pg's Connection can do on a COPY stream, which its type declarations leave out. */
export type CopyConnection = Connection & { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };

interface PgoutputOptions {
  readonly publication: string;
  /** Of the database. */
  readonly encoding: string;
  /** Every message the server sends, decoded, in order; the bytes it took on the wire. */
  readonly onMessage: (message: Message, bytes: number) => void;
  /** A message that cannot be read: it must not throw into the socket's callback. */
  readonly onUnreadable: (error: unknown) => void;
  /** The server warns of something that does not end the stream, as a sentence. */
  readonly onWarning: (sentence: string) => void;
  /** The connection, once replication is being started on it, and the process id of its walsender. */
  readonly onConnection: (connection: CopyConnection, pid: number) => void;
}

/**
 * pgoutput for pg-logical-replication, with a parser of our own: the package's turns unchanged TOAST into
 * undefined, timestamps into local Dates, oids above 2^31 negative, and throws inside the socket callback.
 * Messages go straight to `onMessage`: the service's own event per message is left without a listener.
 */
export class PgoutputPlugin extends AbstractPlugin<PgoutputOptions> {
  readonly #parser = new PgoutputParser();

  get name(): string {
    return 'pgoutput';
  }

  override parse(buffer: Buffer): undefined {
    try {
      const message = this.#parser.parse(buffer);
      if (message) this.options.onMessage(message, buffer.length);
    } catch (error) {
      this.options.onUnreadable(error);
    }
  }

  /** Resolves when the stream has ended; rejects when it broke. */
  override async start(client: Client, slot: string, startLsn: string): Promise<unknown> {
    client.on('notice', notice => {
      const kind = noticeKind(notice);
      if (kind === 'publication-missing') this.options.onUnreadable(publicationMissing(notice.message));
      if (kind === 'warning') this.options.onWarning(warningText(notice));
    });
    const { connection, processID } = client as Client & { connection: CopyConnection; processID: number };
    this.options.onConnection(connection, processID);
    // The slot's name obeys a pattern that leaves nothing to quote. The publication's is read as an identifier within a
    // string, in which the replication grammar knows no escape but a doubled quote.
    const publication = sqlIdentifier(this.options.publication).replaceAll("'", "''");
    // pg asks for UTF-8 when it connects, for which the server checks bytes that it has let in unchecked, and ends the
    // stream at the first that are none.
    if (this.options.encoding === SQL_ASCII) await client.query(`SET client_encoding TO '${SQL_ASCII}'`);
    return await client.query(
      `START_REPLICATION SLOT "${slot}" LOGICAL ${startLsn} ` +
        `(proto_version '1', publication_names '${publication}', messages 'true')`,
    );
  }
}
