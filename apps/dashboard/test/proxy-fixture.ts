import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProxyServer extends AsyncDisposable {
  readonly url: string;
}

/** A reverse proxy that has the dashboard below a path of its host, and nothing else. */
export async function startProxy(options: {
  /** The dashboard's own URL. */
  readonly to: string;
  readonly path: string;
  /** Whether the dashboard gets the path as part of the URL. */
  readonly keepsPath: boolean;
  readonly headers?: Record<string, string>;
}): Promise<ProxyServer> {
  const { to, path, keepsPath, headers } = options;
  const server = createServer((request, response) => {
    const { url = '/' } = request;
    if (url !== path && !url.startsWith(`${path}/`)) return response.writeHead(404).end('not the dashboard');
    const rest = keepsPath ? url : url.slice(path.length) || '/';
    const passed = send(to + rest, {
      method: request.method,
      // The host stays the browser's, as every proxy before an application is set up to do.
      headers: { ...request.headers, ...headers },
    });
    passed.on('response', answer => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    return request.pipe(passed);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
