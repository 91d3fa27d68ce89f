import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

/** A URL of the database, and the place that it comes from. */
export interface FoundUrl {
  readonly url: string;
  readonly from: '--database-url' | 'DATABASE_URL' | '.env';
}

/** The URL of the option, of the environment, or of the project's .env file, in this order. */
export async function findDatabaseUrl(
  folder: string,
  { option, env }: { readonly option?: string | undefined; readonly env: string | undefined },
): Promise<FoundUrl | undefined> {
  if (option) return { url: option, from: '--database-url' };
  if (env) return { url: env, from: 'DATABASE_URL' };
  const text = await readFile(join(folder, '.env'), 'utf8').catch(() => '');
  const url = parseEnv(text).DATABASE_URL;
  return url ? { url, from: '.env' } : undefined;
}
