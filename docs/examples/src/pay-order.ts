import { publish } from '@walmq/outbox';
import { Client } from 'pg';

const client = new Client(process.env.DATABASE_URL);
await client.connect();

await client.query('BEGIN');
await client.query("UPDATE orders SET status = 'paid' WHERE id = 42");
await publish(client, 'emails', { type: 'order.paid', key: 42, payload: { total: '99.99' } });
await client.query('COMMIT');

await client.end();
