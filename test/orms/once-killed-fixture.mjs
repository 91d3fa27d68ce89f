// For a test: runs `once` with what a library writes, and holds the transaction open until the process is killed.
import { once } from '@walmq/worker';
import { Pool } from 'pg';
import { onClient } from './libraries.mjs';

const [, , name, id] = process.argv;
const pool = new Pool({ connectionString: process.env.DATABASE_URL });
const options = {
  pool,
  queue: 'orders',
  changeId: id,
  jobId: id,
  signal: new AbortController().signal,
  deadlineMs: 60_000,
};
await once(options, async tx => {
  await onClient[name](tx, Number(id));
  console.log('written');
  await new Promise(() => {});
});
