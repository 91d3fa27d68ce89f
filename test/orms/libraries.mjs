/**
 * Each library as an application uses it: `transaction` runs `act` with walmq's client for the open transaction and a
 * function that writes an order by the library's own means; `outside` are clients without a transaction.
 */
import { fromDrizzle } from '@walmq/outbox/drizzle';
import { fromKnex } from '@walmq/outbox/knex';
import { fromKysely } from '@walmq/outbox/kysely';
import { fromMikroOrm } from '@walmq/outbox/mikro-orm';
import { fromPostgresJs } from '@walmq/outbox/postgres-js';
import { fromPrisma } from '@walmq/outbox/prisma';
import { fromSequelize } from '@walmq/outbox/sequelize';

async function pg(url) {
  const { default: library } = await import('pg');
  const pool = new library.Pool({ connectionString: url });
  return {
    outside: { Pool: () => pool },
    async transaction(act) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await act(client, id => client.query('INSERT INTO orders (id) VALUES ($1)', [id]));
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      } finally {
        client.release();
      }
    },
    close: () => pool.end(),
  };
}

async function drizzle(url) {
  const { drizzle: open } = await import('drizzle-orm/node-postgres');
  const { pgTable, integer } = await import('drizzle-orm/pg-core');
  const orders = pgTable('orders', { id: integer() });
  const db = open(url);
  return {
    outside: { db: () => fromDrizzle(db) },
    transaction: act => db.transaction(tx => act(fromDrizzle(tx), id => tx.insert(orders).values({ id }))),
    close: () => db.$client.end(),
  };
}

async function kysely(url) {
  const { Kysely, PostgresDialect } = await import('kysely');
  const { default: library } = await import('pg');
  const db = new Kysely({
    dialect: new PostgresDialect({ pool: new library.Pool({ connectionString: url }) }),
  });
  return {
    outside: { db: () => fromKysely(db) },
    transaction: act =>
      db
        .transaction()
        .execute(trx => act(fromKysely(trx), id => trx.insertInto('orders').values({ id }).execute())),
    close: () => db.destroy(),
  };
}

async function knex(url) {
  const { default: open } = await import('knex');
  const db = open({ client: 'pg', connection: url });
  return {
    outside: { knex: () => fromKnex(db) },
    transaction: act => db.transaction(trx => act(fromKnex(trx), id => trx('orders').insert({ id }))),
    close: () => db.destroy(),
  };
}

async function typeorm(url) {
  const { DataSource } = await import('typeorm');
  const source = await new DataSource({ type: 'postgres', url }).initialize();
  return {
    outside: {
      DataSource: () => source,
      'manager of the DataSource': () => source.manager,
      QueryRunner: () => source.createQueryRunner(),
    },
    transaction: act =>
      source.transaction(manager =>
        act(manager, id => manager.query('INSERT INTO orders (id) VALUES ($1)', [id])),
      ),
    close: () => source.destroy(),
  };
}

async function mikroOrm(url) {
  const { EntitySchema, MikroORM } = await import('@mikro-orm/postgresql');
  const Order = new EntitySchema({
    name: 'Order',
    tableName: 'orders',
    properties: { id: { type: 'number', primary: true } },
  });
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [Order],
    discovery: { warnWhenNoEntities: false },
  });
  return {
    outside: { EntityManager: () => fromMikroOrm(orm.em.fork()) },
    transaction: act =>
      orm.em.fork().transactional(em => act(fromMikroOrm(em), async id => await em.insert(Order, { id }))),
    close: () => orm.close(),
  };
}

async function sequelize(url) {
  const { DataTypes, Sequelize } = await import('sequelize');
  const db = new Sequelize(url, { logging: false });
  const Order = db.define(
    'orders',
    { id: { type: DataTypes.INTEGER, primaryKey: true } },
    { timestamps: false },
  );
  return {
    outside: { 'no transaction': () => fromSequelize(db, undefined) },
    transaction: act =>
      db.transaction(transaction =>
        act(fromSequelize(db, transaction), id => Order.create({ id }, { transaction })),
      ),
    close: () => db.close(),
  };
}

async function postgresJs(url) {
  const { default: open } = await import('postgres');
  const sql = open(url);
  return {
    outside: { sql: () => fromPostgresJs(sql) },
    transaction: act =>
      sql.begin(tx => act(fromPostgresJs(tx), id => tx`INSERT INTO orders (id) VALUES (${id})`)),
    close: () => sql.end(),
  };
}

async function prisma(url) {
  const [{ PrismaClient }, { PrismaPg }] = await Promise.all([
    import('./node_modules/.prisma-client/client.js'),
    import('@prisma/adapter-pg'),
  ]);
  const client = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return {
    outside: { PrismaClient: () => fromPrisma(client) },
    transaction: act =>
      client.$transaction(tx => act(fromPrisma(tx), id => tx.orders.create({ data: { id } }))),
    close: () => client.$disconnect(),
  };
}

export const libraries = {
  pg,
  Drizzle: drizzle,
  Kysely: kysely,
  Knex: knex,
  TypeORM: typeorm,
  MikroORM: mikroOrm,
  Sequelize: sequelize,
  'postgres.js': postgresJs,
  Prisma: prisma,
};

/** What writes on the client of an open transaction, such as the one that `once` gives: each writes an order. */
export const onClient = {
  async Drizzle(tx, id) {
    const { drizzle: open } = await import('drizzle-orm/node-postgres');
    const { pgTable, integer } = await import('drizzle-orm/pg-core');
    await open(tx)
      .insert(pgTable('orders', { id: integer() }))
      .values({ id });
  },
  async Kysely(tx, id) {
    const { Kysely, PostgresDialect } = await import('kysely');
    // Kysely asks for a pool: this one hands the client out and takes no notice of its return.
    const client = { query: (...query) => tx.query(...query), release() {} };
    const db = new Kysely({
      dialect: new PostgresDialect({ pool: { connect: async () => client, async end() {} } }),
    });
    await db.insertInto('orders').values({ id }).execute();
  },
  async Knex(tx, id) {
    const { default: open } = await import('knex');
    await open({ client: 'pg' })('orders').connection(tx).insert({ id });
  },
  /** TypeORM builds the statement, and the client runs it. */
  async TypeORM(tx, id) {
    const { DataSource, EntitySchema } = await import('typeorm');
    const Order = new EntitySchema({
      name: 'Order',
      tableName: 'orders',
      columns: { id: { type: 'integer', primary: true } },
    });
    const source = new DataSource({ type: 'postgres', entities: [Order] });
    await source.buildMetadatas();
    const insert = source.createQueryBuilder().insert().into(Order).values({ id });
    await tx.query(...insert.getQueryAndParameters());
  },
  /** So does MikroORM. */
  async MikroORM(tx, id) {
    const { EntitySchema, MikroORM } = await import('@mikro-orm/postgresql');
    const Order = new EntitySchema({
      name: 'Order',
      tableName: 'orders',
      properties: { id: { type: 'number', primary: true } },
    });
    const orm = await MikroORM.init({ dbName: 'any', entities: [Order], connect: false });
    const { sql, params } = orm.em.createQueryBuilder(Order).insert({ id }).toQuery();
    await tx.query(sql, [...params]);
  },
};
