import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { init } from 'es-module-lexer';
import { copyProduction } from './production.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node apps/pack/bin/production.js <folder>');
  process.exit(2);
}
await init;
copyProduction(fileURLToPath(new URL('../../..', import.meta.url)), resolve(folder));
