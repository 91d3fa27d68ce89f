import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER_URL = /new URL\('(\.[^']+\/)', import\.meta\.url\)/g;

/**
 * Puts the texts of a folder of Lua in the place of its URL. A bundle has no folder beside it, and where CommonJS is made of
 * modules (by Jest) they have no URL.
 */
export function withLua(code: string, path: string): string {
  return code.replaceAll(FOLDER_URL, (url, relative: string) => {
    const folder = join(dirname(path), relative);
    if (!existsSync(folder)) return url;
    const files = readdirSync(folder).filter(name => name.endsWith('.lua'));
    if (files.length === 0) return url;
    const texts = files.map(name => [
      name.slice(0, -'.lua'.length),
      readFileSync(join(folder, name), 'utf8'),
    ]);
    return JSON.stringify(Object.fromEntries(texts), undefined, 2);
  });
}
