import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { WalmqError } from '@walmq/change';
import { importDefault } from './import-default.js';
import { parseConfig } from './parse.js';
import { resolveConfig, type WalmqConfig } from './resolve.js';

/**
 * Loads and validates the configuration at `path` (default: walmq.config.ts in the working directory).
 * Throws CONFIG_MISSING, CONFIG_UNREADABLE or CONFIG_INVALID.
 */
export async function loadConfig(path = 'walmq.config.ts'): Promise<WalmqConfig> {
  const file = resolve(path);
  if (!existsSync(file))
    throw new WalmqError('CONFIG_MISSING', `there is no configuration at ${file}.`, {
      remedy: 'Create it with defineConfig({ queues: ... }), or set WALMQ_CONFIG to its path.',
    });
  const input = await importDefault(file);
  return resolveConfig(parseConfig(input, path));
}
