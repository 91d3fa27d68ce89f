import { dirname, resolve } from 'node:path';
import { WalmqError } from '@walmq/change';
import { createJiti } from 'jiti';

/**
 * Returns the default export of a configuration file. Uses jiti, because Node 20 cannot import TypeScript.
 * Throws CONFIG_UNREADABLE.
 */
export async function importDefault(path: string): Promise<unknown> {
  const file = resolve(path);
  try {
    return await createJiti(import.meta.url, { moduleCache: false }).import(file, { default: true });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // For a missing module, the lines after the first only name the importing files. For a syntax error they show its place.
    const missing = code === 'MODULE_NOT_FOUND';
    const reason = missing ? `${message.split('\n')[0]}.` : message;
    throw new WalmqError('CONFIG_UNREADABLE', `${file} could not be loaded: ${reason}`, {
      ...(missing && { remedy: `Install it in ${dirname(file)}, or correct the import.` }),
      cause,
    });
  }
}
