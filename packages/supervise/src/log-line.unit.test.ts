import { expect, it } from 'vitest';
import { readLogLine } from './log-line.js';

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
    { kind: 'trouble', level: 'warn', text: 'Redis is away (ECONNREFUSED)' },
  ],
  [
    { level: 'error', msg: 'mail refused' },
    { kind: 'trouble', level: 'error', text: 'mail refused' },
  ],
  [
    { level: 'info', msg: 'started' },
    { kind: 'info', text: 'started' },
  ],
])('reads %j', (entry, line) => {
  expect(readLogLine(JSON.stringify(entry))).toEqual(line);
});

it.each([
  ['DATABASE_URL: it is not set. Set it.', { kind: 'plain', text: 'DATABASE_URL: it is not set. Set it.' }],
  ['{"cut off', { kind: 'plain', text: '{"cut off' }],
  ['  ', { kind: 'empty' }],
])('passes on what is no log entry: %j', (text, line) => {
  expect(readLogLine(text)).toEqual(line);
});
