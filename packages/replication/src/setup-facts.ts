import type { ClientBase } from 'pg';
import { type PublicationFacts, readPublication } from './setup-publication.js';
import { missingRelations, type SetupSchema } from './setup-schema.js';
import type { Server } from './setup-server.js';
import { readTables, type TableFacts, type TableName } from './setup-tables.js';
import { readSlot, type Slot } from './slot.js';

export interface SchemaFacts extends SetupSchema {
  /** True when any of its tables or indexes is. */
  readonly missing: boolean;
}

/** What set-up knows of a database before it changes anything. */
export interface SetupFacts {
  readonly server: Server;
  readonly schemas: readonly SchemaFacts[];
  /** In the order asked for; undefined where there is no such table. */
  readonly tables: readonly (TableFacts | undefined)[];
  readonly publication: PublicationFacts | undefined;
  readonly slot: Slot | undefined;
}

/** Looks at what set-up is about to plan: tables, publication and slot. Changes nothing. */
export async function readFacts(
  client: ClientBase,
  wanted: { slot: string; publication: string; tables: readonly TableName[] },
  server: Server,
  schemas: readonly SchemaFacts[],
): Promise<SetupFacts> {
  return {
    server,
    schemas,
    tables: await readTables(client, wanted.tables),
    publication: await readPublication(client, wanted.publication, server.version),
    slot: await readSlot(client, wanted.slot),
  };
}

/** Which of walmq's own schemas lack a table or an index. */
export async function readSchemas(
  client: ClientBase,
  schemas: readonly SetupSchema[],
): Promise<SchemaFacts[]> {
  const facts: SchemaFacts[] = [];
  for (const schema of schemas)
    facts.push({ ...schema, missing: (await missingRelations(client, schema.sql)).length > 0 });
  return facts;
}
