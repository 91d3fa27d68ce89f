import { dirname, resolve } from 'node:path';
import { WalmqError } from '@walmq/change';
import { createJiti } from 'jiti';

/**
 * What a configuration file exports by default, through jiti: Node 20 cannot import TypeScript by itself.
 * Throws CONFIG_UNREADABLE.
 */
export async function importDefault(path: string): Promise<unknown> {
  const file = resolve(path);
  try {
    return await createJiti(import.meta.url, { moduleCache: false }).import(file, { default: true });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    // The lines after the first name the importing files, or the place of a syntax error.
    const missing = code === 'MODULE_NOT_FOUND';
    const reason = missing ? `${message.split('\n')[0]}.` : message;
    throw new WalmqError('CONFIG_UNREADABLE', `${file} could not be loaded: ${reason}`, {
      ...(missing && { remedy: `Install it in ${dirname(file)}, or correct the import.` }),
      cause,
    });
  }
}
