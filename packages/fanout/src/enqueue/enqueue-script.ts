import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { asLuaFunction, loadBullmqScript } from './bullmq-script.js';

/** A Lua script and the SHA-1 that Redis knows it by. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** From src and from dist alike: the Lua is read where it is written, so a build cannot leave an old copy behind. */
const LUA_FOLDER = new URL('../../src/enqueue/lua/', import.meta.url);

const INCLUDE = /^--- @include "([\w-]+)"$/gm;
/** As BullMQ names the files of its scripts: name and number of keys. */
const BULLMQ_SCRIPT = /^--- @bullmq "(\w+)-(\d+)"$/gm;

/**
 * The one script that writes jobs, as lua/enqueue.lua puts it together. It calls BullMQ's own Lua in a loop and copies no
 * line of BullMQ's layout, so that BullMQ's tools work with our jobs.
 */
export function enqueueScript(): Script {
  const lua = readLua('enqueue')
    .replace(INCLUDE, (_line, name: string) => readLua(name))
    .replace(BULLMQ_SCRIPT, (_line, name: string, keys: string) =>
      asLuaFunction(name, loadBullmqScript(name, Number(keys))),
    );
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

function readLua(name: string): string {
  return readFileSync(new URL(`${name}.lua`, LUA_FOLDER), 'utf8');
}
