import type { WalmqConfig } from '@walmq/config';
import { readSlotDetail, readStandbySlots, tablesOf } from '@walmq/operations';
import type { DatabaseUrl } from '@walmq/postgres';
import { readSlot, readSynchronous } from '@walmq/replication';
import {
  type CoveredTable,
  membersOf,
  readPublication,
  readPublished,
  readServer,
  readTableNames,
  readTables,
  type Server,
} from '@walmq/setup';
import type { Client } from 'pg';
import { attempt } from '../attempt.js';
import type { Check } from '../check.js';
import { activityChecks, readActivity } from './activity.js';
import { orderingChecks, readLooselyEqual } from './ordering.js';
import { publicationChecks } from './publication.js';
import { checkPublishers } from './publishers.js';
import { readInherited, readOnlyCheck } from './read-only.js';
import { readRole, roleChecks } from './role.js';
import { serverChecks } from './server.js';
import { slotChecks } from './slot.js';
import { standbySlotsCheck } from './standby-slots.js';
import { synchronousCheck } from './synchronous.js';
import { tableChecks } from './tables.js';
import { readWal, walChecks } from './wal.js';
import { writeChecks } from './writes.js';

/** The checks that need only PostgreSQL. */
export async function checkPostgres(
  client: Client,
  config: WalmqConfig,
  databaseUrl: DatabaseUrl,
): Promise<{ checks: Check[]; standby: boolean }> {
  const server = await readServer(client);
  const checks = serverChecks(server);
  // A standby rejects the functions that report WAL positions.
  if (!server.inRecovery) checks.push(...(await checkPrimary(client, config, databaseUrl, server)));
  return { checks, standby: server.inRecovery };
}

async function checkPrimary(
  client: Client,
  config: WalmqConfig,
  databaseUrl: DatabaseUrl,
  server: Server,
): Promise<Check[]> {
  const { slot, publication } = config.source;
  const queues = Object.keys(config.queues);
  return [
    ...(await attempt('wal-level', async () =>
      walChecks(await readWal(client), await readSlot(client, slot), server.provider),
    )),
    ...(await attempt('synchronous-standbys', async () => [synchronousCheck(await readSynchronous(client))])),
    ...(await attempt('read-only', async () => [
      readOnlyCheck(await readInherited(databaseUrl, server), server),
    ])),
    ...(await attempt('standby-slots', async () => [standbySlotsCheck(await readStandbySlots(client))])),
    ...(await attempt('replication-role', async () =>
      roleChecks(await readRole(client, { databaseUrl, slot, queues, server })),
    )),
    ...(await attempt('publishers', () => checkPublishers(client, server.role))),
    ...(await attempt('publication', () => checkTables(client, config, publication, server))),
    ...(await attempt('slot', () => checkSlot(client, slot, server))),
    ...(await attempt('open-transactions', async () => activityChecks(await readActivity(client, slot)))),
  ];
}

async function checkTables(
  client: Client,
  config: WalmqConfig,
  name: string,
  server: Server,
): Promise<Check[]> {
  const wanted = tablesOf(config);
  const found = await readTables(client, wanted);
  const tables: CoveredTable[] = wanted.map((table, index) => ({ wanted: table, found: found[index] }));
  const publication = await readPublication(client, name, server.version);
  const candidates = found.includes(undefined) ? await readTableNames(client) : [];
  const published = await readPublished(client, {
    oids: found.flatMap(table => (table ? membersOf(table).map(({ oid }) => oid) : [])),
    publication: name,
    version: server.version,
  });
  return [
    ...tableChecks(tables, { version: server.version, publication, published, candidates }),
    ...orderingChecks(await readLooselyEqual(client, wanted)),
    ...writeChecks(published, server.version),
    ...publicationChecks(publication, { name, tables }),
  ];
}

async function checkSlot(client: Client, name: string, { database }: Server): Promise<Check[]> {
  const [slot, detail] = [await readSlot(client, name), await readSlotDetail(client, name)];
  return slotChecks(slot && detail && { ...slot, ...detail }, { name, database });
}
