import { WalmqError } from '@walmq/change';
// CommonJS, because Node.js loads BullMQ itself as CommonJS: the scripts are loaded already. A static import, for bundlers.
import * as bullmqScripts from 'bullmq/dist/cjs/scripts/index.js';

const SCRIPTS = new Map(Object.entries(bullmqScripts));

/** The Lua of one of BullMQ's scripts. Throws BULLMQ_UNKNOWN if the installed bullmq has no such script. */
export function loadBullmqScript(name: string, keys: number): string {
  const script = SCRIPTS.get(name);
  if (script?.keys === keys) return script.content;
  throw new WalmqError('BULLMQ_UNKNOWN', `the installed bullmq has no script ${name} with ${keys} keys.`, {
    remedy: 'Install the exact version of bullmq that walmq depends on: "npm ls bullmq" shows it.',
  });
}

/**
 * Wraps a script in the function `bullmq.<name>(KEYS, ARGV)`. The script's own functions are defined at its first call
 * and not for each job: to define those of all four scripts takes as long as to add a job. They use nothing of the
 * script but their arguments (if those of a new bullmq did, the first job would fail).
 */
export function asLuaFunction(name: string, content: string): string {
  const functions = content.match(OWN_FUNCTION) ?? [];
  return `
bullmq.${name} = function(...)
local rcall = redis.call
${functions.join('\n')}
bullmq.${name} = function(KEYS, ARGV)
${content.replace(OWN_FUNCTION, '')}
end
return bullmq.${name}(...)
end`;
}

/** BullMQ writes both `local function name(...)` and `local name = function (...)`. */
const OWN_FUNCTION = /^local (?:function \w+|\w+ = function)[\s\S]*?^end$/gm;
