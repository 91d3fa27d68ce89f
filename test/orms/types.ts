/** Compiled by the test beside it: each library's own types fit walmq's. */
import type { EntityManager as MikroEntityManager } from '@mikro-orm/postgresql';
import { publish } from '@walmq/outbox';
import { fromDrizzle } from '@walmq/outbox/drizzle';
import { fromKnex } from '@walmq/outbox/knex';
import { fromKysely } from '@walmq/outbox/kysely';
import { fromMikroOrm } from '@walmq/outbox/mikro-orm';
import { fromPostgresJs } from '@walmq/outbox/postgres-js';
import { fromPrisma } from '@walmq/outbox/prisma';
import { fromSequelize } from '@walmq/outbox/sequelize';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Knex } from 'knex';
import type { Transaction as KyselyTransaction } from 'kysely';
import type { Client, Pool, PoolClient } from 'pg';
import type { TransactionSql } from 'postgres';
import type { Sequelize, Transaction as SequelizeTransaction } from 'sequelize';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import type { Prisma } from './node_modules/.prisma-client/client.js';

interface Everything {
  client: Client;
  poolClient: PoolClient;
  pool: Pool;
  drizzle: Parameters<Parameters<NodePgDatabase['transaction']>[0]>[0];
  kysely: KyselyTransaction<{ orders: { id: number } }>;
  knex: Knex.Transaction;
  manager: EntityManager;
  runner: QueryRunner;
  source: DataSource;
  mikro: MikroEntityManager;
  sequelize: Sequelize;
  transaction: SequelizeTransaction;
  sql: TransactionSql;
  prisma: Prisma.TransactionClient;
}

const event = { type: 'order.paid' };

export async function all(a: Everything): Promise<void> {
  await publish(a.client, 'mails', event);
  await publish(a.poolClient, 'mails', event);
  // @ts-expect-error A pool has no transaction.
  await publish(a.pool, 'mails', event);
  await publish(fromDrizzle(a.drizzle), 'mails', event);
  await publish(fromKysely(a.kysely), 'mails', event);
  await publish(fromKnex(a.knex), 'mails', event);
  await publish(a.manager, 'mails', event);
  await publish(a.runner, 'mails', event);
  // @ts-expect-error A DataSource has no transaction.
  await publish(a.source, 'mails', event);
  await publish(fromMikroOrm(a.mikro), 'mails', event);
  await publish(fromSequelize(a.sequelize, a.transaction), 'mails', event);
  await publish(fromPostgresJs(a.sql), 'mails', event);
  await publish(fromPrisma(a.prisma), 'mails', event);
}
