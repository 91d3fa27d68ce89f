import type { TableName } from '@walmq/change';
import { readSlot, readSynchronous, type Slot, type SynchronousFacts } from '@walmq/replication';
import type { ClientBase } from 'pg';
import { type PublicationFacts, readPublication } from './publication.js';
import { readPublished } from './published.js';
import type { PublishedRelation } from './refused-writes.js';
import { madeRelations, missingRelations, type SetupSchema } from './schema.js';
import type { Server } from './server.js';
import { membersOf, readTableNames, readTables, type TableFacts } from './tables.js';

export interface SchemaFacts extends SetupSchema {
  /** True if any table, index or column of the schema is missing. */
  readonly missing: boolean;
  /** True if all of them are missing: set-up has never created the schema. */
  readonly isNew: boolean;
  /** True if the schema that `within` names exists. */
  readonly withinExists: boolean;
}

/** The state of a database, read before set-up changes anything. */
export interface SetupFacts {
  readonly server: Server;
  readonly schemas: readonly SchemaFacts[];
  /** In the requested order; undefined for a table that does not exist. */
  readonly tables: readonly (TableFacts | undefined)[];
  readonly publication: PublicationFacts | undefined;
  readonly slot: Slot | undefined;
  /** Names of all tables, to suggest a correct name. Read only if a table is missing, else empty. */
  readonly candidates: readonly TableName[];
  /** The tables that queues read, with partitions and children, and all tables of the publication. */
  readonly published: readonly PublishedRelation[];
  readonly synchronous: SynchronousFacts;
}

/** Reads tables, publication and slot for the plan. Changes nothing. */
export async function readFacts(
  client: ClientBase,
  wanted: { slot: string; publication: string; tables: readonly TableName[] },
  server: Server,
  schemas: readonly SchemaFacts[],
): Promise<SetupFacts> {
  const tables = await readTables(client, wanted.tables);
  return {
    server,
    schemas,
    tables,
    publication: await readPublication(client, wanted.publication, server.version),
    slot: await readSlot(client, wanted.slot),
    candidates: tables.includes(undefined) ? await readTableNames(client) : [],
    published: await readPublished(client, {
      oids: tables.flatMap(table => (table ? membersOf(table).map(({ oid }) => oid) : [])),
      publication: wanted.publication,
      version: server.version,
    }),
    synchronous: await readSynchronous(client),
  };
}

/** For each of walmq's own schemas, whether a table, an index or a column is missing. */
export async function readSchemas(
  client: ClientBase,
  schemas: readonly SetupSchema[],
): Promise<SchemaFacts[]> {
  const facts: SchemaFacts[] = [];
  for (const schema of schemas) facts.push(await schemaFacts(client, schema));
  return facts;
}

async function schemaFacts(client: ClientBase, schema: SetupSchema): Promise<SchemaFacts> {
  const missing = (await missingRelations(client, schema.sql)).length;
  return {
    ...schema,
    missing: missing > 0,
    isNew: missing === madeRelations(schema.sql).length,
    withinExists: schema.within !== undefined && (await schemaExists(client, schema.within)),
  };
}

async function schemaExists(client: ClientBase, schema: string): Promise<boolean> {
  return (await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema])).rows.length > 0;
}
