// Imports every entry of our packages that needs no further package, by import and by require.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const name of ['walmq', '@walmq/outbox']) {
  const { exports, peerDependencies = {} } = JSON.parse(
    readFileSync(require.resolve(`${name}/package.json`), 'utf8'),
  );
  for (const subpath of Object.keys(exports).filter(path => path !== './package.json')) {
    const entry = name + subpath.slice(1);
    try {
      const imported = Object.keys(await import(entry)).filter(
        key => key !== 'default' && key !== 'module.exports',
      );
      const required = Object.keys(require(entry));
      console.log(entry, imported.length, required.length);
    } catch (error) {
      const missing = Object.keys(peerDependencies).find(peer => error.message.includes(peer));
      if (missing === undefined) throw error;
      console.log(entry, 'needs', missing);
    }
  }
}
