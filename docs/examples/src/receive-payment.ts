import { outbox } from '@walmq/outbox';
import { Client } from 'pg';

const client = new Client(process.env.DATABASE_URL);
await client.connect();

await client.query('BEGIN');
await client.query('INSERT INTO payments (account_id, amount) VALUES (7, 99.99)');
await outbox(client).publish({
  aggregateType: 'payment',
  aggregateId: 7,
  type: 'payment.received',
  payload: { amount: '99.99' },
});
await client.query('COMMIT');

await client.end();
