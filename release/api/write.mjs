/** `node release/api/write.mjs`: writes the API reports and the reference pages. With --check only compares them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installTools } from '../install-tools.mjs';
import { fileNameOf, ROOT } from './entry-points.mjs';

const REPORTS = 'release/api/reports';
const PAGES = 'docs/reference/api';

installTools();
const { readApi } = await import('./read-api.mjs');
const { printIndex, printPage } = await import('./print-page.mjs');
const { apis, mistakes } = readApi();
const files = new Map([
  [`${PAGES}/README.md`, printIndex(apis)],
  ...apis.flatMap(api => [
    [`${REPORTS}/${fileNameOf(api)}.api.md`, api.report],
    [`${PAGES}/${fileNameOf(api)}.md`, printPage(api, apis)],
  ]),
]);
const present = [REPORTS, PAGES].flatMap(folder =>
  existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder)).map(name => `${folder}/${name}`) : [],
);
const stale = present.filter(path => !files.has(path));
const changed = [...files].filter(([path, text]) => textAt(path) !== text).map(([path]) => path);

if (process.argv.includes('--check')) {
  const all = [...changed, ...stale];
  if (all.length > 0) mistakes.push(`The public API has changed: ${all.join(', ')}`);
} else {
  for (const path of stale) rmSync(join(ROOT, path));
  for (const path of changed) {
    mkdirSync(join(ROOT, path, '..'), { recursive: true });
    writeFileSync(join(ROOT, path), files.get(path));
    console.log(path);
  }
}
if (mistakes.length > 0) {
  console.error(mistakes.join('\n'));
  console.error('Correct the sources if this was not meant. Otherwise run: npm run api-reference');
  process.exitCode = 1;
}

function textAt(path) {
  return existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : undefined;
}
