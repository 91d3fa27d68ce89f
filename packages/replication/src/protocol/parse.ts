import { WalmqError } from '@walmq/change';
import { ByteReader } from './byte-reader.js';
import { CommitClock } from './commit-clock.js';
import type { Message, OldTuple, Relation, RelationColumn } from './messages.js';
import { Partitions } from './partitions.js';
import { Tuple } from './tuple.js';

const IDENTITY = { d: 'default', n: 'nothing', f: 'full', i: 'index' } as const;

/** Messages whose values are read after the socket's buffer has been reused, so their bytes are copied. */
const ROW_TAGS: ReadonlySet<string> = new Set(['I', 'U', 'D']);

/**
 * Parses pgoutput's messages, protocol version 1:
 * https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
 *
 * Stores the relations that the server has announced on a connection, so each connection needs its own parser. `parse`
 * copies everything that it returns out of the given bytes.
 */
export class PgoutputParser {
  readonly #relations = new Map<number, Relation>();
  readonly #partitions = new Partitions();
  readonly #clock = new CommitClock();

  /** Returns undefined for relation, type and origin messages. Throws PGOUTPUT_UNREADABLE. */
  parse(bytes: Buffer): Message | undefined {
    const tag = String.fromCharCode(bytes[0] ?? 0);
    try {
      return this.#read(tag, new ByteReader(ROW_TAGS.has(tag) ? Buffer.from(bytes) : bytes, 1));
    } catch (cause) {
      if (cause instanceof WalmqError) throw cause;
      throw unreadable(`in a message of type ${JSON.stringify(tag)}, ${(cause as Error).message}`, cause);
    }
  }

  #read(tag: string, reader: ByteReader): Message | undefined {
    switch (tag) {
      case 'I':
        return this.#insert(reader);
      case 'U':
        return this.#update(reader);
      case 'D':
        return this.#delete(reader);
      case 'B':
        return {
          tag: 'begin',
          commitLsn: reader.lsn(),
          committedAt: this.#clock.isoTime(reader.int64()),
          xid: reader.uint32(),
        };
      case 'C':
        return commit(reader);
      case 'R':
        return this.#relation(reader);
      case 'T':
        return this.#truncate(reader);
      case 'M':
        return logicalMessage(reader);
      case 'Y':
      case 'O':
        return undefined;
      default:
        throw unreadable(`message type ${JSON.stringify(tag)} is not known`);
    }
  }

  #insert(reader: ByteReader): Message {
    const relation = this.#changed(reader.uint32());
    reader.uint8(); // 'N'
    return { tag: 'insert', relation, after: Tuple.read(reader) };
  }

  #update(reader: ByteReader): Message {
    const relation = this.#changed(reader.uint32());
    const kind = String.fromCharCode(reader.uint8());
    if (kind === 'N') return { tag: 'update', relation, before: null, after: Tuple.read(reader) };
    const before = this.#oldTuple(kind, relation, reader);
    reader.uint8(); // 'N'
    return { tag: 'update', relation, before, after: Tuple.read(reader) };
  }

  #delete(reader: ByteReader): Message {
    const relation = this.#changed(reader.uint32());
    const kind = String.fromCharCode(reader.uint8());
    return { tag: 'delete', relation, before: this.#oldTuple(kind, relation, reader) };
  }

  #oldTuple(kind: string, relation: Relation, reader: ByteReader): OldTuple {
    const tuple = Tuple.read(reader);
    if (kind !== 'O') return { kind: 'key', tuple };
    return { kind: this.#partitions.holdsOnlyIdentity(relation, tuple) ? 'partial' : 'full', tuple };
  }

  #truncate(reader: ByteReader): Message {
    const count = reader.uint32();
    reader.uint8(); // CASCADE, RESTART IDENTITY: not needed, the message lists every truncated table
    return { tag: 'truncate', relations: Array.from({ length: count }, () => this.#known(reader.uint32())) };
  }

  #relation(reader: ByteReader): undefined {
    const oid = reader.uint32();
    const schema = reader.cstring() || 'pg_catalog';
    const table = reader.cstring();
    const identity = IDENTITY[String.fromCharCode(reader.uint8()) as keyof typeof IDENTITY];
    const columns = Array.from({ length: reader.uint16() }, () => readColumn(reader));
    const relation = { oid, schema, table, identity, columns };
    this.#relations.set(oid, relation);
    this.#partitions.announced(relation);
  }

  #changed(oid: number): Relation {
    const relation = this.#known(oid);
    this.#partitions.changed(relation);
    return relation;
  }

  #known(oid: number): Relation {
    const relation = this.#relations.get(oid);
    if (!relation) throw unreadable(`a change names relation ${oid}, which was never described`);
    return relation;
  }
}

function commit(reader: ByteReader): Message {
  reader.uint8(); // flags, unused
  reader.lsn(); // LSN of the commit record: known from the begin message
  return { tag: 'commit', endLsn: reader.lsn() };
}

function logicalMessage(reader: ByteReader): Message {
  const transactional = (reader.uint8() & 1) === 1;
  const lsn = reader.lsn();
  const prefix = reader.cstring();
  return { tag: 'message', transactional, lsn, prefix, content: reader.bytes(reader.uint32()) };
}

function readColumn(reader: ByteReader): RelationColumn {
  const inIdentity = (reader.uint8() & 1) === 1;
  const name = reader.cstring();
  const typeOid = reader.uint32();
  reader.uint32(); // type modifier: already applied in the text form of a value
  return { name, typeOid, inIdentity };
}

function unreadable(what: string, cause?: unknown): WalmqError {
  return new WalmqError('PGOUTPUT_UNREADABLE', `the replication stream cannot be read: ${what}.`, {
    remedy: 'Report it with the PostgreSQL version; nothing was acknowledged past it.',
    cause,
  });
}
