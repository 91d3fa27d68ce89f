import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A package of the peers' folder. Its types are not known here, because it is no dependency of the project. */
export function loadPeer<Exports>(name: string, peersFolder: string): Exports {
  return createRequire(join(peersFolder, 'package.json'))(name) as Exports;
}
