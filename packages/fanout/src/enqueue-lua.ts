/**
 * What BullMQ's scripts see of Redis while a batch runs. They are written for one job: each asks for the queue's
 * metadata, counts it, rings its workers. Here what one of them asked is remembered for the next, and what all of
 * them push is pushed once, by `finishView`. Everything else goes to Redis as it is. The end state is the same, which
 * the contract test compares key by key; a batch costs a third of the time (docs/benchmark.md).
 */
export const VIEW_LUA = `
local server = redis

-- By key: a counter's first value and how many more; values to push; what a queue's metadata said; markers set.
local counters, pushes, maxEvents, pausedOrMaxed, markers = {}, {}, {}, {}, {}

local shortcuts = {
  INCR = function(key)
    local counter = counters[key]
    if not counter then
      counter = {first = server.call("INCR", key), more = 0}
      counters[key] = counter
      return counter.first
    end
    counter.more = counter.more + 1
    return counter.first + counter.more
  end,
  HGET = function(key, field)
    if field ~= "opts.maxLenEvents" then return server.call("HGET", key, field) end
    local known = maxEvents[key] or server.call("HGET", key, field)
    maxEvents[key] = known
    return known
  end,
  HMGET = function(key, first, second)
    if first ~= "paused" then return server.call("HMGET", key, first, second) end
    local known = pausedOrMaxed[key] or server.call("HMGET", key, first, second)
    pausedOrMaxed[key] = known
    return known
  end,
  LPUSH = function(key, value)
    local values = pushes[key] or {}
    values[#values + 1] = value
    pushes[key] = values
  end,
  ZADD = function(key, score, member)
    if member ~= "0" then return server.call("ZADD", key, score, member) end
    if markers[key] then return end
    markers[key] = true
    return server.call("ZADD", key, score, member)
  end,
}

local redis = {
  call = function(command, ...)
    local shortcut = shortcuts[command]
    if shortcut then return shortcut(...) end
    return server.call(command, ...)
  end,
  pcall = server.pcall,
}

-- Lua's stack bounds how many arguments one call can have.
local CHUNK = 1000
local function inChunks(command, key, values)
  for first = 1, #values, CHUNK do
    server.call(command, key, unpack(values, first, math.min(first + CHUNK - 1, #values)))
  end
end

local function finishView()
  for key, counter in pairs(counters) do
    if counter.more > 0 then server.call("INCRBY", key, counter.more) end
  end
  for key, values in pairs(pushes) do inChunks("LPUSH", key, values) end
end

-- Options reach BullMQ's scripts as the tables they are, and their JSON is spliced: the same text but for the id.
local optionsJson = {}
local cmsgpack = {unpack = function(table) return table end}
local decodeJson, encodeJson = cjson.decode, cjson.encode
local cjson = {encode = function(value) return optionsJson[value] or encodeJson(value) end}

local bullmq = {}
`;

/** What a batch is, and at its end, in order, what becomes of one. */
export const BATCH_LUA = `
local rcall = server.call
local checkpointKey, follows, ends, timestamp = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local queueCount = tonumber(ARGV[4])
local FIELDS = 7
local firstJob = 5 + 2 * queueCount

local queues = {}
local function readQueues()
  for index = 1, queueCount do
    local base, json = ARGV[3 + 2 * index], ARGV[4 + 2 * index]
    queues[index] = {
      base = base,
      key = string.sub(base, 1, -2),
      json = string.sub(json, 1, -2),
      options = decodeJson(json),
      last = base .. "walmq:last",
      ring = base .. "walmq:ring",
      completed = base .. "completed",
      -- Jobs added by this batch: how many, and their ids.
      added = 0, fresh = {},
      -- Of the batch's ordering keys: the last job of each (false: none), and which are new to Redis.
      orderingKeys = {}, lastJobs = {}, newKeys = {},
    }
  end
end

local function readOrderingKeys()
  for at = firstJob, #ARGV, FIELDS do
    local queue = queues[tonumber(ARGV[at])]
    for keyAt = at + 4, at + 5 do
      local orderingKey = ARGV[keyAt]
      if orderingKey ~= "" and queue.lastJobs[orderingKey] == nil then
        queue.lastJobs[orderingKey] = false
        queue.orderingKeys[#queue.orderingKeys + 1] = orderingKey
      end
    end
  end
end

local function readLastJobs(queue)
  local keys = queue.orderingKeys
  for first = 1, #keys, CHUNK do
    local last = math.min(first + CHUNK - 1, #keys)
    for offset, id in ipairs(rcall("HMGET", queue.last, unpack(keys, first, last))) do
      local orderingKey = keys[first + offset - 1]
      queue.lastJobs[orderingKey] = id
      if not id then queue.newKeys[#queue.newKeys + 1] = orderingKey end
    end
  end
end

local function isPending(queue, id)
  if queue.fresh[id] then return true end
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

-- The unfinished last job of an ordering key, if there is one.
local function lastOf(queue, orderingKey)
  local last = orderingKey ~= "" and queue.lastJobs[orderingKey]
  if last and isPending(queue, last) then return endOfChain(queue, last) end
  return nil
end

local function optionsOf(queue, id, own)
  local options, json = queue.options, queue.json
  if own ~= "" then
    options = decodeJson(own)
    for name, value in pairs(queue.options) do
      if options[name] == nil then options[name] = value end
    end
  end
  options.jobId = id
  optionsJson[options] = own == "" and json .. ',"jobId":"' .. id .. '"}' or nil
  return options
end

local function addReady(queue, args, data, options)
  local base = queue.base
  if (options.delay or 0) > 0 then
    return bullmq.addDelayedJob({base .. "marker", base .. "meta", base .. "id", base .. "delayed", queue.completed,
      base .. "events"}, {args, data, options})
  elseif (options.priority or 0) > 0 then
    return bullmq.addPrioritizedJob({base .. "marker", base .. "meta", base .. "id", base .. "prioritized",
      base .. "delayed", queue.completed, base .. "active", base .. "events", base .. "pc"}, {args, data, options})
  end
  queue.standardKeys = queue.standardKeys or {base .. "wait", base .. "paused", base .. "meta", base .. "id",
    queue.completed, base .. "delayed", base .. "active", base .. "events", base .. "marker"}
  return bullmq.addStandardJob(queue.standardKeys, {args, data, options})
end

local function add(queue, id, name, data, orderingKey, secondKey, own)
  local base = queue.base
  local first, second = lastOf(queue, orderingKey), lastOf(queue, secondKey)
  if second == first then second = nil end
  local options = optionsOf(queue, id, own)
  local args = {base, id, name, timestamp}
  if options.de then args[9] = base .. "de:" .. options.de.id end
  local added
  if not first and not second then
    added = addReady(queue, args, data, options)
  else
    queue.parentKeys = queue.parentKeys or {base .. "meta", base .. "id", base .. "delayed",
      base .. "waiting-children", queue.completed, base .. "events"}
    added = bullmq.addParentJob(queue.parentKeys, {args, data, options})
  end
  -- A job that BullMQ took for a duplicate is nobody's predecessor.
  if added ~= id then return end
  -- The duplicate-id path of addStandardJob adopts an existing job as a child of the one just added.
  for _, predecessor in pairs({first, second}) do
    addReady(queue, {base, predecessor, "", timestamp, base .. id, base .. id .. ":dependencies",
      {id = id, queueKey = queue.key}}, "", queue.options)
  end
  queue.added = queue.added + 1
  queue.fresh[id] = true
  if orderingKey ~= "" then queue.lastJobs[orderingKey] = id end
  if secondKey ~= "" then queue.lastJobs[secondKey] = id end
end

-- From now on each key's last job is the one added last.
local function remember(queue)
  local pairsToSet = {}
  for _, orderingKey in ipairs(queue.orderingKeys) do
    local id = queue.lastJobs[orderingKey]
    if id then
      pairsToSet[#pairsToSet + 1] = orderingKey
      pairsToSet[#pairsToSet + 1] = id
    end
  end
  inChunks("HSET", queue.last, pairsToSet)
  inChunks("RPUSH", queue.ring, queue.newKeys)
end

-- Pointers to last jobs that no longer matter are swept a few at a time, so that memory follows the work in
-- flight: at least as many are looked at as were added, and a ring full of unfinished work is left alone soon.
local SWEPT = 50
local function sweep(queue)
  local misses = queue.added / 4 + 4
  -- A small batch is in a hurry: half of the time of a single change went into looking at fifty of them.
  local size = math.min(SWEPT, 2 * queue.added + 1)
  for _ = 1, 2 * queue.added + 100, size do
    local keys = rcall("LPOP", queue.ring, size)
    if not keys then return end
    local kept, gone = {}, {}
    for at, last in ipairs(rcall("HMGET", queue.last, unpack(keys))) do
      local target = last and isPending(queue, last) and kept or gone
      target[#target + 1] = keys[at]
    end
    if #gone > 0 then rcall("HDEL", queue.last, unpack(gone)) end
    if #kept > 0 then rcall("RPUSH", queue.ring, unpack(kept)) end
    misses = misses - #kept
    if misses < 0 then return end
  end
end

-- Compare and set. This one check is the fence against a second or a stalled capture, the answer to a lost reply,
-- and what makes two batches in flight safe.
local position = rcall("HGET", checkpointKey, "position")
if position ~= follows then return {0, position or ""} end

readQueues()
readOrderingKeys()
for _, queue in ipairs(queues) do readLastJobs(queue) end
for at = firstJob, #ARGV, FIELDS do
  add(queues[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5],
    ARGV[at + 6])
end
finishView()
rcall("HSET", checkpointKey, "position", ends)
for _, queue in ipairs(queues) do remember(queue) end
-- Last, since nothing but memory depends on it.
for _, queue in ipairs(queues) do sweep(queue) end
return {1}
`;
