import { escapeIdentifier } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Check } from '../src/doctor/check.js';
import { walmq } from './cli-fixture.js';
import { worldsForSetup } from './setup-fixture.js';

const world = worldsForSetup();

/**
 * What each provider has: its roles, and what a role is a member of that may replicate there. A plain server gives no replication
 * by membership, so the test gives the attribute once it has seen the advice.
 */
const PROVIDERS = [
  {
    name: 'Amazon RDS',
    roles: ['rds_superuser', 'rds_replication'],
    member: 'rds_replication',
    advice:
      /^Run GRANT rds_replication TO "app_rds"; as the master user \(docs\/guides\/postgres\/rds\.md\)\.$/,
  },
  {
    name: 'Amazon Aurora',
    roles: ['rds_superuser', 'rds_replication'],
    sql: `CREATE FUNCTION aurora_version() RETURNS text LANGUAGE sql AS $$ SELECT '17.4.0' $$`,
    advice: /^Run GRANT rds_replication TO/,
  },
  {
    name: 'Google Cloud SQL',
    roles: ['cloudsqlsuperuser'],
    member: 'cloudsqlsuperuser',
    advice: /^Run ALTER ROLE "app_\w+" WITH REPLICATION; as a member of cloudsqlsuperuser/,
  },
  { name: 'Google AlloyDB', roles: ['alloydbsuperuser'], advice: /member of alloydbsuperuser/ },
  {
    name: 'Azure Database for PostgreSQL',
    roles: ['azure_pg_admin'],
    advice: /server administrator.*azure\.md/,
  },
  { name: 'Supabase', roles: ['supabase_admin'], advice: /as postgres \(.*supabase\.md/ },
  {
    name: 'Neon',
    roles: ['neon_superuser'],
    member: 'neon_superuser',
    advice: /member of neon_superuser, or use a role that the Neon console has made/,
  },
  {
    name: 'Heroku Postgres',
    roles: [],
    sql: 'CREATE SCHEMA heroku_ext',
    advice: /grants no role replication/,
  },
] as const;

const named = (checks: readonly Check[], name: string) => checks.find(({ check }) => check === name);

describe.sequential('a server as its provider runs it', () => {
  it.each(PROVIDERS)(
    '$name: set-up and doctor name its own step, and no superuser is needed',
    async provider => {
      const id = provider.name.toLowerCase().replaceAll(/\W/g, '_').replace('amazon_', '');
      const [name, role] = [`provider_${id}`, `app_${id}`];
      const shop = await world(name);
      const { client } = shop;
      const made = [...provider.roles, role].map(escapeIdentifier);
      for (const each of provider.roles) await client.query(`CREATE ROLE ${each} NOLOGIN`);
      await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'app'; GRANT CREATE ON DATABASE ${name} TO ${role};
      ALTER TABLE orders OWNER TO ${role}; ALTER TABLE items OWNER TO ${role}`);
      if ('member' in provider) await client.query(`GRANT ${provider.member} TO ${role}`);
      if ('sql' in provider) await client.query(provider.sql);
      onTestFinished(async () => {
        await client.query(`DROP OWNED BY ${made.join(', ')}; DROP ROLE ${made.join(', ')}`);
      });
      const app = shop.as(role, 'app');

      const refused = await walmq(['setup'], app);
      const [code, ...sentence] = (refused.errors[0] ?? '').split(': ');
      expect(code).toBe('PRIVILEGE_MISSING');
      const advice = new RegExp(provider.advice.source.replace('^', '').replace('$', ''));
      expect(sentence.join(': ')).toMatch(advice);
      const before = (await shop.doctor(app)).checks;
      expect(named(before, 'postgres')?.found).toContain(` of ${provider.name}, database`);
      expect(named(before, 'replication-role')).toMatchObject({
        status: 'error',
        found: expect.stringMatching(/gets no replication connection: .*(WAL sender|walsender)/),
        remedy: expect.stringMatching(provider.advice),
      });
      for (const { remedy = '' } of before) expect(remedy).not.toMatch(/ALTER SYSTEM|pooler/);

      await client.query(`ALTER ROLE ${role} REPLICATION`);
      expect(await walmq(['setup'], app)).toMatchObject({ code: 0, errors: [] });
      const after = (await shop.doctor(app)).checks;
      expect(named(after, 'replication-role')).toMatchObject({ status: 'ok' });
      expect(after.filter(({ status }) => status === 'error')).toEqual([]);
    },
  );
});
