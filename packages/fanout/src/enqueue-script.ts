import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { WalmqError } from '@walmq/change';

interface BullmqScript {
  readonly name: string;
  readonly content: string;
  readonly keys: number;
}

/** A Lua script and the SHA-1 that Redis knows it by. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/**
 * The one script that writes jobs. It is put together from BullMQ's own Lua, each script wrapped in a function, so
 * that no line of BullMQ's layout is copied and whatever BullMQ's tools know of a job holds for ours.
 *
 * KEYS[1]  checkpoint (hash; field position)
 * ARGV[1]  position the batch follows
 * ARGV[2]  position the batch ends at
 * ARGV[3]  time of the jobs, milliseconds since 1970
 * ARGV[4]  number of queues, then for each: key prefix (`bull:orders:`), job options as JSON
 * then for each job: queue (from 1), id, name, data, ordering key or '', second ordering key or ''
 *
 * Returns {1} when the batch was enqueued, else {0, position found}: then nothing was written.
 */
export function enqueueScript(): Script {
  const require = createRequire(import.meta.url);
  const standard = loadScript(require, 'addStandardJob', 9);
  const parent = loadScript(require, 'addParentJob', 6);
  const lua = `
local function addStandardJob(KEYS, ARGV)
${standard.content}
end
local function addParentJob(KEYS, ARGV)
${parent.content}
end
${BATCH}`;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Throws BULLMQ_UNKNOWN on a bullmq whose scripts are not the ones this was written against. */
function loadScript(require: NodeJS.Require, name: string, keys: number): BullmqScript {
  const path = `bullmq/dist/cjs/scripts/${name}-${keys}.js`;
  try {
    const script = (require(path) as Record<string, BullmqScript>)[name];
    if (script?.keys === keys) return script;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw cause;
  }
  throw new WalmqError('BULLMQ_UNKNOWN', `the installed bullmq has no script ${name} with ${keys} keys.`, {
    remedy: 'Install the exact version of bullmq that packages/fanout/package.json names.',
  });
}

const BATCH = `
local rcall = redis.call
local checkpointKey, follows, ends, timestamp = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

-- Compare and set. This one check is the fence against a second or a stalled capture, the answer to a lost reply,
-- and what makes two batches in flight safe.
local position = rcall("HGET", checkpointKey, "position")
if position ~= follows then return {0, position or ""} end

local queueCount = tonumber(ARGV[4])
local queues = {}
local function queueAt(index)
  if queues[index] then return queues[index] end
  local base, options = ARGV[3 + 2 * index], ARGV[4 + 2 * index]
  local queue = {
    base = base,
    key = string.sub(base, 1, -2),
    options = cjson.decode(options),
    last = base .. "walmq:last",
    ring = base .. "walmq:ring",
    completed = base .. "completed",
    added = 0,
    standardKeys = {base .. "wait", base .. "paused", base .. "meta", base .. "id", base .. "completed",
      base .. "delayed", base .. "active", base .. "events", base .. "marker"},
    parentKeys = {base .. "meta", base .. "id", base .. "delayed", base .. "waiting-children",
      base .. "completed", base .. "events"},
  }
  queues[index] = queue
  return queue
end

local function isPending(queue, id)
  return rcall("EXISTS", queue.base .. id) == 1 and not rcall("ZSCORE", queue.completed, id)
end

-- A job has room for one parent. Where a change that moved its row between two keys has already tied them
-- together, the job to wait for is the last of that chain.
local function endOfChain(queue, id)
  while true do
    local parentKey = rcall("HGET", queue.base .. id, "parentKey")
    if not parentKey or rcall("EXISTS", parentKey) == 0 then return id end
    id = string.sub(parentKey, #queue.base + 1)
  end
end

-- The unfinished last job of an ordering key, if there is one; from now on the key's last job is id.
local function follow(queue, orderingKey, id)
  local last = rcall("HGET", queue.last, orderingKey)
  if rcall("HSET", queue.last, orderingKey, id) == 1 then rcall("RPUSH", queue.ring, orderingKey) end
  if last and isPending(queue, last) then return endOfChain(queue, last) end
  return nil
end

local function add(queue, id, name, data, orderingKey, secondKey)
  local first, second
  if orderingKey ~= "" then first = follow(queue, orderingKey, id) end
  if secondKey ~= "" then second = follow(queue, secondKey, id) end
  if second == first then second = nil end
  queue.added = queue.added + 1
  queue.options.jobId = id
  local options = cmsgpack.pack(queue.options)
  if not first and not second then
    addStandardJob(queue.standardKeys, {cmsgpack.pack({queue.base, id, name, timestamp}), data, options})
    return
  end
  addParentJob(queue.parentKeys, {cmsgpack.pack({queue.base, id, name, timestamp}), data, options})
  -- The duplicate-id path of addStandardJob adopts an existing job as a child of the one just added.
  for _, predecessor in pairs({first, second}) do
    addStandardJob(queue.standardKeys, {cmsgpack.pack({queue.base, predecessor, "", timestamp, queue.base .. id,
      queue.base .. id .. ":dependencies", {id = id, queueKey = queue.key}}), "", options})
  end
end

local at = 5 + 2 * queueCount
while at <= #ARGV do
  add(queueAt(tonumber(ARGV[at])), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5])
  at = at + 6
end

-- Pointers to last jobs that no longer matter are swept a few at a time, so that memory follows the work in
-- flight: at least as many are looked at as were added, and a ring full of unfinished work is left alone soon.
local function sweep(queue)
  local misses = queue.added / 4 + 4
  for _ = 1, 2 * queue.added + 100 do
    local orderingKey = rcall("LPOP", queue.ring)
    if not orderingKey then return end
    local last = rcall("HGET", queue.last, orderingKey)
    if last and isPending(queue, last) then
      rcall("RPUSH", queue.ring, orderingKey)
      misses = misses - 1
      if misses < 0 then return end
    else
      rcall("HDEL", queue.last, orderingKey)
    end
  end
end

rcall("HSET", checkpointKey, "position", ends)
for index = 1, queueCount do sweep(queueAt(index)) end
return {1}
`;
