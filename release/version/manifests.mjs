import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Gives all workspaces, the repository and the lock the same version. Returns the paths of the files it wrote. */
export function writeVersion(root, version) {
  const folders = [
    '',
    ...['packages', 'apps'].flatMap(parent =>
      readdirSync(join(root, parent)).map(name => `${parent}/${name}`),
    ),
  ];
  const lock = readJson(root, 'package-lock.json');
  const written = folders.map(folder => {
    const path = join(folder, 'package.json');
    writeJson(root, path, { ...readJson(root, path), version });
    lock.packages[folder].version = version;
    return path;
  });
  writeJson(root, 'package-lock.json', { ...lock, version });
  return [...written, 'package-lock.json'];
}

export function readJson(root, path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}

function writeJson(root, path, value) {
  writeFileSync(join(root, path), `${JSON.stringify(value, null, 2)}\n`);
}
