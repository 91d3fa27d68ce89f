import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { WalmqError } from '@walmq/change';
import { BATCH_LUA, VIEW_LUA } from './enqueue-lua.js';

interface BullmqScript {
  readonly content: string;
  readonly keys: number;
}

/** A Lua script and the SHA-1 that Redis knows it by. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Which of BullMQ's scripts the batch calls, and with how many keys. */
const BULLMQ_SCRIPTS = {
  addStandardJob: 9,
  addDelayedJob: 6,
  addPrioritizedJob: 9,
  addParentJob: 6,
} as const;

/**
 * The one script that writes jobs: BullMQ's own Lua, each script wrapped in a function, called in a loop by ours. No
 * line of BullMQ's layout is copied, so whatever BullMQ's tools know of a job holds for ours.
 *
 * KEYS[1]  checkpoint (hash; fields position and transaction)
 * ARGV[1]  position the batch follows
 * ARGV[2]  position the batch ends at
 * ARGV[3]  the last transaction at or before that position, or ''
 * ARGV[4]  time of the jobs, milliseconds since 1970
 * ARGV[5]  number of queues, then for each: key prefix (`bull:orders:`), job options as JSON
 * then number of ordering keys with a former name, then for each: queue (from 1), key, former name
 * then for each job: queue (from 1), id, name, data, ordering key or '', second ordering key or '', options of its
 * own as JSON or ''
 *
 * Returns {1} when the batch was enqueued; {0, position found} where the checkpoint has moved: then nothing was written;
 * {2, error, key being written, error of undoing or ''} when it failed midway. Redis keeps what a script wrote before it
 * failed, so the script itself undoes that.
 */
export function enqueueScript(): Script {
  const functions = Object.entries(BULLMQ_SCRIPTS).map(([name, keys]) =>
    asFunction(name, loadBullmqScript(name, keys)),
  );
  const lua = [VIEW_LUA, ...functions, BATCH_LUA].join('\n');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * The script as a function. Its own functions go before it, so that they are made once and not for every job, and only
 * in a batch that calls it: to make those of all four takes as long as to add a job. They see nothing of the script but
 * what they are given (a new bullmq where they did would fail at the first job).
 */
function asFunction(name: string, content: string): string {
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

const OWN_FUNCTION = /^local function [\s\S]*?^end$/gm;

/** The Lua of one of BullMQ's scripts. Throws BULLMQ_UNKNOWN on a bullmq whose scripts are not those this was written against. */
export function loadBullmqScript(name: string, keys: number): string {
  const require = createRequire(import.meta.url);
  const path = `bullmq/dist/cjs/scripts/${name}-${keys}.js`;
  try {
    const script = (require(path) as Record<string, BullmqScript>)[name];
    if (script?.keys === keys) return script.content;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
  }
  throw new WalmqError('BULLMQ_UNKNOWN', `the installed bullmq has no script ${name} with ${keys} keys.`, {
    remedy: 'Install the exact version of bullmq that packages/fanout/package.json names.',
  });
}
