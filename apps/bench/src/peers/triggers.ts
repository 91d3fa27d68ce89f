import type { Client } from 'pg';
import type { DatabaseKind } from '../cases/contenders.js';
import { tableName } from '../cases/table-shape.js';
import { PEERS_FOLDER } from './folder.js';
import { loadPeer } from './load-peer.js';

export const GRAPHILE_TASK = 'change';
export const PG_BOSS_QUEUE = 'change';
export const OUTBOX_TABLE = 'outbox';
export const OUTBOX_PUBLICATION = 'outbox';

const TABLE = tableName('narrow');

/** Prepares a database whose trigger writes a job for every row, in the writer's transaction. */
export async function prepareTrigger(
  kind: Exclude<DatabaseKind, 'plain'>,
  client: Client,
  url: string,
): Promise<void> {
  const statement = await TRIGGERS[kind](client, url);
  await client.query(`CREATE FUNCTION enqueue() RETURNS trigger LANGUAGE plpgsql AS $f$
    BEGIN ${statement}; RETURN NULL; END $f$;
    CREATE TRIGGER enqueue AFTER INSERT ON ${TABLE} FOR EACH ROW EXECUTE FUNCTION enqueue();`);
}

/** Removes the jobs that a run has left. */
export async function emptyJobs(kind: DatabaseKind, client: Client): Promise<void> {
  if (kind === 'graphile') await client.query('TRUNCATE graphile_worker._private_jobs');
  if (kind === 'pg-boss') await client.query('TRUNCATE pgboss.job CASCADE');
  if (kind === 'outbox') await client.query(`TRUNCATE ${OUTBOX_TABLE}`);
}

/** Makes the tables of a peer. Resolves to the statement of its trigger. */
const TRIGGERS: Record<Exclude<DatabaseKind, 'plain'>, (client: Client, url: string) => Promise<string>> = {
  graphile: async (_client, url) => {
    const { runMigrations, Logger } = loadPeer<{
      runMigrations(options: object): Promise<void>;
      Logger: new (factory: () => () => void) => object;
    }>('graphile-worker', PEERS_FOLDER);
    await runMigrations({ connectionString: url, logger: new Logger(() => () => {}) });
    return `PERFORM graphile_worker.add_job('${GRAPHILE_TASK}', to_json(NEW))`;
  },
  'pg-boss': async (_client, url) => {
    const { PgBoss } = loadPeer<{
      PgBoss: new (
        options: object,
      ) => {
        on(event: string, listener: () => void): void;
        start(): Promise<unknown>;
        stop(options: object): Promise<void>;
        createQueue(name: string, options: object): Promise<void>;
      };
    }>('pg-boss', PEERS_FOLDER);
    const boss = new PgBoss({ connectionString: url });
    boss.on('error', () => {});
    await boss.start();
    await boss.createQueue(PG_BOSS_QUEUE, { notify: true });
    await boss.stop({ graceful: false });
    // The channel that pg-boss listens on, as its own inserts notify it.
    return `INSERT INTO pgboss.job (name, data) VALUES ('${PG_BOSS_QUEUE}', to_jsonb(NEW));
      PERFORM pg_notify('pgboss_' || left(encode(sha224('pgboss'::bytea), 'hex'), 24), '${PG_BOSS_QUEUE}')`;
  },
  outbox: async client => {
    const { DatabaseSetup } = loadPeer<{
      DatabaseSetup: { dropAndCreateTable(options: object): string };
    }>('pg-transactional-outbox', PEERS_FOLDER);
    const role = 'postgres';
    await client.query(
      DatabaseSetup.dropAndCreateTable({
        outboxOrInbox: 'outbox',
        database: 'postgres',
        schema: 'public',
        table: OUTBOX_TABLE,
        listenerRole: role,
        handlerRole: role,
        publication: OUTBOX_PUBLICATION,
        replicationSlot: 'unused',
      }),
    );
    await client.query(
      `CREATE PUBLICATION ${OUTBOX_PUBLICATION} FOR TABLE public.${OUTBOX_TABLE} WITH (publish = 'insert')`,
    );
    return `INSERT INTO ${OUTBOX_TABLE} (id, aggregate_type, aggregate_id, message_type, payload, concurrency, created_at)
      VALUES (gen_random_uuid(), '${TABLE}', NEW.id::text, 'change', to_jsonb(NEW), 'sequential', clock_timestamp())`;
  },
};
