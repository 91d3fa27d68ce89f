import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asLuaFunction, loadBullmqScript } from './bullmq-script.js';

/** A Lua script and the SHA-1 that Redis knows it by. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

const INCLUDE = /^--- @include "([\w-]+)"$/gm;
/** As BullMQ names the files of its scripts: name and number of keys. */
const BULLMQ_SCRIPT = /^--- @bullmq "(\w+)-(\d+)"$/gm;

/** A folder of Lua files; in a published package, their texts by name: a bundle has no folders. */
export type LuaFolder = URL | Readonly<Record<string, string>>;

/**
 * Reads the script `<entry>.lua` of a folder. Inserts the files that it includes, and BullMQ's scripts as functions
 * `bullmq.<name>(KEYS, ARGV)`, so that no line of BullMQ's layout is copied.
 */
export function assembleScript(folder: LuaFolder, entry: string): Script {
  const read = (name: string) =>
    folder instanceof URL ? readFileSync(new URL(`${name}.lua`, folder), 'utf8') : (folder[name] as string);
  const lua = read(entry)
    .replace(INCLUDE, (_line, name: string) => read(name))
    .replace(BULLMQ_SCRIPT, (_line, name: string, keys: string) =>
      asLuaFunction(name, loadBullmqScript(name, Number(keys))),
    );
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
