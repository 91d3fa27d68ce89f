import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createHealthServer } from '../src/health.js';

const SLOW = {
  'a request whose body never ends': 'POST /live HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\na',
  'headers that never end': 'GET /live HTTP/1.1\r\nhost: x\r\n',
  'not a byte': '',
};

it('closes connections of which no whole request comes', async () => {
  const http = createHealthServer(new Map(), new Registry());
  await http.listen({ host: '127.0.0.1', port: 0 });
  const { port } = http.server.address() as AddressInfo;
  const closed = Object.entries(SLOW).map(async ([what, sent]) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    if (sent !== '') socket.write(sent);
    await once(socket, 'close');
    return what;
  });
  expect(await Promise.all(closed)).toEqual(Object.keys(SLOW));
  await http.close();
});
