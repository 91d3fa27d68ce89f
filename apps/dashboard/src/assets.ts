import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The style sheet, the scripts and the icon of our own pages; each file is read once. */
export async function mountAssets(http: FastifyInstance): Promise<void> {
  const folder = new URL('../assets/', import.meta.url);
  const files = new Map(
    await Promise.all(
      (await readdir(folder)).map(async name => {
        const type = TYPES[extname(name)] ?? 'application/octet-stream';
        return [name, { type, body: await readFile(new URL(name, folder)) }] as const;
      }),
    ),
  );
  http.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const file = files.get(request.params.name);
    if (file === undefined) return await reply.code(404).send({ message: 'There is no such file.' });
    // A short time: the next version of the dashboard has files of the same names.
    return await reply.type(file.type).header('cache-control', 'max-age=60').send(file.body);
  });
}
