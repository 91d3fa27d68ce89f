import { dirname, resolve } from 'node:path';
import { type ErrorCode, WalmqError } from '@walmq/change';
import { createJiti } from 'jiti';

/**
 * Returns the default export of a configuration file. Uses jiti, because Node 20 cannot import TypeScript.
 * Throws CONFIG_UNREADABLE.
 */
export async function importDefault(path: string): Promise<unknown> {
  return await explained('CONFIG_UNREADABLE', path, file =>
    createJiti(file, { moduleCache: false }).import(file, { default: true }),
  );
}

/**
 * Returns the exports of a worker file. Modules that several files import are loaded once, and `paths` of the project's
 * tsconfig.json hold. Packages are imported by Node.js itself, so the file shares walmq's classes with this process.
 * Throws WORKER_UNREADABLE.
 */
export async function importWorker(path: string): Promise<Readonly<Record<string, unknown>>> {
  return await explained('WORKER_UNREADABLE', path, file =>
    createJiti(file, { tsconfigPaths: true }).import<Record<string, unknown>>(file),
  );
}

async function explained<T>(code: ErrorCode, path: string, load: (file: string) => Promise<T>): Promise<T> {
  const file = resolve(path);
  try {
    return await load(file);
  } catch (cause) {
    const missing = /MODULE_NOT_FOUND$/.test((Object(cause) as NodeJS.ErrnoException).code ?? '');
    throw new WalmqError(
      code,
      `${file} could not be loaded: ${missing ? missingModule(cause) : reasonOf(cause)}`,
      {
        ...(missing && { remedy: `Install it in ${dirname(file)}, or correct the import.` }),
        cause,
      },
    );
  }
}

/** The lines after the first only name the importing files. */
function missingModule(cause: unknown): string {
  return `${(cause as Error).message.split('\n')[0]}.`;
}

/** `Unexpected token (/srv/shop/src/orders.ts:3:7)`: on one line, with the place in the project's own files, if one is known. */
function reasonOf(cause: unknown): string {
  const { message = String(cause), stack = '' } = Object(cause) as Partial<Error>;
  const [, mistake, where] = /^ParseError: (.*?)\s*\n\s*(\S+:\d+:\d+)$/s.exec(message) ?? [];
  if (where !== undefined) return `${mistake} (${where})`;
  const own = stack
    .replace(message, '')
    .split('\n')
    .find(line => /^\s+at .*\/.*:\d+:\d+\)?$/.test(line) && !/node_modules|node:/.test(line));
  // Columns are those of the transpiled line.
  const [, place] = /(?:file:\/\/)?(\/[^()]*:\d+):\d+\)?$/.exec(own ?? '') ?? [];
  return place === undefined ? message : `${message} (${place})`;
}
