import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { walmq } from './cli-fixture.js';
import { worldsForSetup } from './setup-fixture.js';

const world = worldsForSetup();

describe('walmq setup: rights', () => {
  describe('without the rights', () => {
    it('says what to grant, step by step, until the role has them all', async () => {
      const shop = await world('setup_denied', { queues: { orders: { table: 'orders' } } });
      await shop.client.query("CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
      const clerk = shop.as('clerk', 'clerk');
      const denied = async () => {
        const { code, errors } = await walmq(['setup'], clerk);
        expect(code).toBe(1);
        expect(errors).toHaveLength(1);
        expect(errors[0]).toMatch(/^PRIVILEGE_MISSING: .*walmq setup --sql/);
        return errors[0];
      };
      expect(await denied()).toContain('GRANT CREATE ON DATABASE "setup_denied" TO "clerk";');
      await shop.client.query('GRANT CREATE ON DATABASE setup_denied TO clerk');
      expect(await denied()).toMatch(
        /must be owner of table orders\. Run "npx walmq setup" as \S+\. Or give/,
      );
      await shop.client.query(
        'CREATE ROLE "Keeper of orders"; ALTER TABLE orders OWNER TO "Keeper of orders"',
      );
      const grant = 'GRANT "Keeper of orders" TO clerk;';
      expect(await denied()).toContain(`Run "npx walmq setup" as "Keeper of orders", or run ${grant} first.`);
      await shop.client.query(grant);
      expect(await denied()).toContain('ALTER ROLE "clerk" REPLICATION;');
      await shop.client.query('ALTER ROLE clerk REPLICATION');
      const { code, lines } = await walmq(['setup'], clerk);
      expect(code).toBe(0);
      expect(lines.at(-1)).toBe('done     create slot "setup_denied"');
    });

    it('says that making tables in schema public is a right of its own', async () => {
      const shop = await world('setup_public', {
        schema: 'SELECT',
        queues: { payments: { outbox: 'payment' } },
      });
      await shop.client.query(`CREATE ROLE intern LOGIN REPLICATION PASSWORD 'intern';
        GRANT CREATE ON DATABASE setup_public TO intern;
        -- As it is from PostgreSQL 15 on.
        REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
      const intern = shop.as('intern', 'intern');
      const { errors } = await walmq(['setup', '--outbox'], intern);
      expect(errors[0]).toMatch(/^PRIVILEGE_MISSING: .*permission denied for schema public/);
      const [grant = ''] = /GRANT CREATE ON SCHEMA public TO "intern";/.exec(errors[0] ?? '') ?? [];
      await shop.client.query(grant);
      expect(await walmq(['setup', '--outbox'], intern)).toMatchObject({ code: 0, errors: [] });
    });

    it('needs none where everything is there already', async () => {
      const shop = await world('setup_done');
      await shop.run('setup');
      await shop.client.query("CREATE ROLE reader LOGIN PASSWORD 'reader'");
      expect(await walmq(['setup'], shop.as('reader', 'reader'))).toMatchObject({ code: 0, errors: [] });
    });
  });

  it('lets the roles alone send messages that --publishers names; doctor says who may', async () => {
    const shop = await world('setup_publishers');
    await shop.client.query(`CREATE ROLE "Sender of mail" LOGIN PASSWORD 'x'; CREATE ROLE stranger LOGIN PASSWORD 'x';
      CREATE ROLE chief LOGIN CREATEROLE PASSWORD 'x'; ALTER DATABASE setup_publishers OWNER TO chief`);
    const send = async (role: string) => {
      const client = new Client(shop.as(role, 'x').DATABASE_URL);
      await client.connect();
      const sent = await client
        .query(
          "SELECT pg_logical_emit_message(true, 'a', 'b'), pg_logical_emit_message(true, 'a', '\\x00'::bytea)",
        )
        .then(
          () => 'sent',
          error => String(error.message),
        );
      await client.end();
      return sent;
    };
    const doctor = async (env = shop.env) => {
      const { lines } = await walmq(['doctor', '--json'], env);
      const checks = JSON.parse(lines.join('\n')) as {
        check: string;
        status: string;
        found: string;
        remedy: string;
      }[];
      return checks.find(({ check }) => check === 'publishers');
    };
    await shop.run('setup');
    expect(await doctor()).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^every role may send/),
    });
    const args = ['setup', '--publishers', 'Sender of mail'];
    // A REVOKE of somebody else revokes nothing, and is a warning to PostgreSQL.
    const { errors } = await walmq(args, shop.as('chief', 'x'));
    expect(errors[0]).toMatch(/^PRIVILEGE_MISSING: .* as a superuser/);
    expect(await send('stranger')).toBe('sent');

    const { lines } = await shop.run(...args, '--sql');
    await shop.client.query(lines.join('\n'));
    expect(await send('stranger')).toMatch(/permission denied for function pg_logical_emit_message/);
    expect(await send('Sender of mail')).toBe('sent');
    expect((await shop.run(...args)).lines.at(-1)).toBe(
      'ok       "Sender of mail" alone may send logical messages',
    );
    expect(await doctor()).toMatchObject({
      found: 'may send events and contexts: "Sender of mail", superusers',
    });
    const denied = await doctor(shop.as('stranger', 'x'));
    expect(denied).toMatchObject({ status: 'error' });
    await shop.client.query(denied?.remedy as string);
    expect(await send('stranger')).toBe('sent');
  });
});
