import { describe, expect, it } from 'vitest';
import { connect, stateOf, worldsForSetup } from './setup-fixture.js';

const world = worldsForSetup();

describe('walmq setup, when it has to wait', () => {
  it('names the transaction that a slot waits for, and leaves no slot behind', async () => {
    const shop = await world('setup_waits');
    const other = await connect(shop);
    await shop.run('setup');
    await shop.client.query("SELECT pg_drop_replication_slot('setup_waits')");
    await other.query('BEGIN; INSERT INTO orders VALUES (1)');
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');

    const { code, errors } = await shop.run('setup', '--wait', '0.2');
    expect(code).toBe(1);
    expect(errors[0]).toMatch(/^SETUP_SLOT_WAITS: /);
    expect(errors[0]).toContain(`pg_terminate_backend(${rows[0]?.pid})`);
    expect(await stateOf(shop)).toMatchObject({ slots: [] });

    await other.query('COMMIT');
    expect(await shop.run('setup')).toMatchObject({ code: 0 });
  });

  it('names a prepared transaction too', async () => {
    const shop = await world('setup_prepared');
    await shop.client.query("BEGIN; INSERT INTO orders VALUES (1); PREPARE TRANSACTION 'forgotten'");
    const { errors } = await shop.run('setup', '--wait', '0.2');
    await shop.client.query("ROLLBACK PREPARED 'forgotten'");
    // The table is locked by it before the slot waits for it.
    expect(errors[0]).toMatch(/^SETUP_TABLE_WAITS: .*forgotten.*ROLLBACK PREPARED 'forgotten'/);
  });

  it('names the transaction that holds a table, and does not hold up others behind it', async () => {
    const shop = await world('setup_locked');
    const other = await connect(shop);
    await other.query('BEGIN; SELECT FROM orders');
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const { code, errors } = await shop.run('setup', '--wait', '0.2');
    expect(code).toBe(1);
    expect(errors[0]).toMatch(/^SETUP_TABLE_WAITS: .*REPLICA IDENTITY FULL on public\.orders/);
    expect(errors[0]).toContain(`process ${rows[0]?.pid}`);
    await other.query('ROLLBACK');
    expect(await shop.run('setup')).toMatchObject({ code: 0 });
  });
});
