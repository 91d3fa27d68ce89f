import { assembleScript, type Script } from '@walmq/bullmq-lua';

/** From src and from dist alike: the Lua is read where it is written, so a build cannot leave an old copy behind. */
const LUA_FOLDER = new URL('../../src/enqueue/lua/', import.meta.url);

/**
 * The one script that writes jobs, as lua/enqueue.lua puts it together. It calls BullMQ's own Lua in a loop and copies no
 * line of BullMQ's layout, so that BullMQ's tools work with our jobs.
 */
export function enqueueScript(): Script {
  return assembleScript(LUA_FOLDER, 'enqueue');
}
