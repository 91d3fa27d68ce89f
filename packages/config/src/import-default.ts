import { resolve } from 'node:path';
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
    throw new WalmqError('CONFIG_UNREADABLE', `${file} could not be loaded: ${(cause as Error).message}`, {
      cause,
    });
  }
}
