import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import { createHealthServer } from './health.js';

it.each([
  ['a request whose body never ends', 'POST /live HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\na'],
  ['headers that never end', 'GET /live HTTP/1.1\r\nhost: x\r\n'],
  ['not a byte', ''],
])('%s: the connection is closed', async (_what, sent) => {
  const http = createHealthServer(new Map(), new Registry());
  onTestFinished(async () => {
    await http.close();
  });
  await http.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((http.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  if (sent !== '') socket.write(sent);
  await once(socket, 'close');
  expect(socket.destroyed).toBe(true);
});
