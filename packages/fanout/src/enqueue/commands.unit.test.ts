import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { COMMANDS } from '@walmq/redis';
import { expect, it } from 'vitest';
import { enqueueScript } from './enqueue-script.js';

/** As Lua calls Redis: `rcall("HSET", ...)`, `server.call('DEL', ...)`. */
const CALL = /(?:call|rcall|pcall|inChunks)\(\s*['"]([A-Z]+)['"]/g;

function commandsIn(lua: string): string[] {
  return [...lua.matchAll(CALL)].map(([, command]) => command as string);
}

it('every command that the scripts of the installed BullMQ and our own call is tried at the start of a process', () => {
  const scripts = join(dirname(createRequire(import.meta.url).resolve('bullmq')), '../esm/scripts');
  const files = readdirSync(scripts).filter(name => name.endsWith('.js'));
  const called = new Set([
    ...files.flatMap(name => commandsIn(readFileSync(join(scripts, name), 'utf8'))),
    ...commandsIn(enqueueScript().lua),
  ]);
  expect(called.size).toBeGreaterThan(50);
  expect([...called].filter(command => !COMMANDS.includes(command))).toEqual([]);
});
