import { expect, it } from 'vitest';
import { readAppLine } from './app-line.js';

const processed =
  '✅ Processed UPDATE on orders: {"action":"status_change","order_id":1,"old_status":"pending","new_status":"paid"}';

it.each([
  [
    { level: 'info', event: 'change:processed', msg: processed },
    { kind: 'processed', text: processed },
  ],
  [
    { level: 'info', event: 'http:listening', url: 'http://127.0.0.1:1234', msg: 'listening' },
    { kind: 'listening', url: 'http://127.0.0.1:1234' },
  ],
  [
    { level: 'warn', msg: 'Redis is away', error: 'ECONNREFUSED' },
    { kind: 'trouble', text: 'Redis is away (ECONNREFUSED)' },
  ],
  [
    { level: 'error', msg: 'mail refused' },
    { kind: 'trouble', text: 'mail refused' },
  ],
  [{ level: 'info', msg: 'started' }, { kind: 'other' }],
])('reads %j', (entry, line) => {
  expect(readAppLine(JSON.stringify(entry))).toEqual(line);
});

it.each([
  ['DATABASE_URL: it is not set. Set it.', { kind: 'trouble', text: 'DATABASE_URL: it is not set. Set it.' }],
  ['{"cut off', { kind: 'trouble', text: '{"cut off' }],
  ['  ', { kind: 'other' }],
])('passes on what is no log entry: %j', (text, line) => {
  expect(readAppLine(text)).toEqual(line);
});
