import { withContext } from '@walmq/outbox';
import { Client } from 'pg';

const client = new Client(process.env.DATABASE_URL);
await client.connect();

await client.query('BEGIN');
await withContext(client, { actor: 'ada@example.com', reason: 'customer called' });
await client.query("UPDATE orders SET status = 'cancelled' WHERE id = 42");
await client.query('COMMIT');

await client.end();
