import { once } from 'node:events';
import { createServer } from 'node:net';

/** Returns a TCP port of 127.0.0.1 that was free a moment ago. The caller must retry if the port is taken by then. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

export async function isPortTaken(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  }
  server.close();
  await once(server, 'close');
  return false;
}

/** Claims the first free port of 127.0.0.1 from `first` on. `claimed` keeps callers at the same time apart; delete a port to free it. */
export async function claimPort(first: number, claimed: Set<number>): Promise<number> {
  for (let port = first; port <= 65_535; port++) {
    if (claimed.has(port)) continue;
    claimed.add(port);
    if (!(await isPortTaken(port))) return port;
    claimed.delete(port);
  }
  throw new Error(`no port from ${first} on is free`);
}
