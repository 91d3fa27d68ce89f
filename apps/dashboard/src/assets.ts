import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const ASSETS = {
  'page.css': 'text/css; charset=utf-8',
  'pipeline.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;

/** The style sheet, the script and the icon of our own pages; each file is read once. */
export async function mountAssets(http: FastifyInstance): Promise<void> {
  const files = new Map(
    await Promise.all(
      Object.entries(ASSETS).map(
        async ([name, type]) =>
          [name, { type, body: await readFile(new URL(`../assets/${name}`, import.meta.url)) }] as const,
      ),
    ),
  );
  http.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const file = files.get(request.params.name);
    if (file === undefined) return await reply.code(404).send({ message: 'There is no such file.' });
    // A short time: the next version of the dashboard has files of the same names.
    return await reply.type(file.type).header('cache-control', 'max-age=60').send(file.body);
  });
}
