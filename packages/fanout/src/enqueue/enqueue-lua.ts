/**
 * What BullMQ's scripts see of Redis while a batch runs. They are written for one job: each asks for the queue's
 * metadata, counts it, rings its workers. Here what one of them asked is remembered for the next, and what all of
 * them push is pushed once, by `finishView`. Everything else goes to Redis as it is. The end state is the same, which
 * the contract test compares key by key; a batch costs a third of the time (docs/reference/benchmark.md).
 */
export const VIEW_LUA = `
local server = redis

-- By key: a counter's first value and how many more; values to push; what a queue's metadata said; markers set.
local counters, pushes, maxEvents, pausedOrMaxed, markers = {}, {}, {}, {}, {}
-- For undoing: keys of jobs that did not exist before; how many values were pushed to a list.
local absent, pushed = {}, {}
-- The key that is being written, for whoever reads the error.
local writing = ""

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
  EXISTS = function(key)
    local exists = server.call("EXISTS", key)
    if exists == 0 then absent[key] = true end
    return exists
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
  writing = key
  for first = 1, #values, CHUNK do
    local last = math.min(first + CHUNK - 1, #values)
    server.call(command, key, unpack(values, first, last))
    if command == "LPUSH" then pushed[key] = last end
  end
end

local function finishView()
  for key, counter in pairs(counters) do
    writing = key
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
local checkpointKey, follows, ends, transaction, timestamp = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local queueCount = tonumber(ARGV[5])
local FIELDS = 7
local firstFormer = 7 + 2 * queueCount
local firstJob = firstFormer + 3 * tonumber(ARGV[firstFormer - 1])

local queues = {}
local function readQueues()
  for index = 1, queueCount do
    local base, json = ARGV[4 + 2 * index], ARGV[5 + 2 * index]
    writing = base
    queues[index] = {
      base = base,
      key = string.sub(base, 1, -2),
      json = string.sub(json, 1, -2),
      options = decodeJson(json),
      last = base .. "walmq:last",
      ring = base .. "walmq:ring",
      completed = base .. "completed",
      -- Of the batch's jobs all ids; how many have been added so far, and the ids of these.
      ids = {}, added = 0, fresh = {},
      -- Of the batch's ordering keys: the last job of each (false: none), the same before the batch, and which are
      -- new to Redis.
      orderingKeys = {}, lastJobs = {}, lastJobsBefore = {}, newKeys = {},
    }
  end
end

-- Decodes all that the batch says, so that what cannot be read fails before the first write.
local jobs = {}
local function readJobs()
  for at = firstJob, #ARGV, FIELDS do
    local queue, id, own = queues[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 6]
    writing = queue.base .. id
    queue.ids[id] = true
    jobs[#jobs + 1] = {queue = queue, id = id, name = ARGV[at + 2], data = ARGV[at + 3],
      orderingKey = ARGV[at + 4], secondKey = ARGV[at + 5], own = own ~= "" and decodeJson(own) or nil}
  end
end

local function readOrderingKeys()
  for _, job in ipairs(jobs) do
    local queue = job.queue
    for _, orderingKey in ipairs({job.orderingKey, job.secondKey}) do
      if orderingKey ~= "" and queue.lastJobs[orderingKey] == nil then
        queue.lastJobs[orderingKey] = false
        queue.orderingKeys[#queue.orderingKeys + 1] = orderingKey
      end
    end
  end
end

local function readLastJobs(queue)
  local keys = queue.orderingKeys
  writing = queue.last
  for first = 1, #keys, CHUNK do
    local last = math.min(first + CHUNK - 1, #keys)
    for offset, id in ipairs(rcall("HMGET", queue.last, unpack(keys, first, last))) do
      local orderingKey = keys[first + offset - 1]
      -- A job of this very batch is no predecessor: a script that failed after it had tied them all left it there.
      if id and not queue.ids[id] then
        queue.lastJobs[orderingKey] = id
        queue.lastJobsBefore[orderingKey] = id
      else
        queue.newKeys[#queue.newKeys + 1] = orderingKey
      end
    end
  end
end

local function isPending(queue, id)
  if queue.fresh[id] then return true end
  return rcall("EXISTS", queue.base .. id) == 1 and not rcall("ZSCORE", queue.completed, id)
end

-- Where no job of a key is unfinished under its own name, the last that an older version has left under another counts.
local function readFormerKeys()
  for at = firstFormer, firstJob - 1, 3 do
    local queue, orderingKey = queues[tonumber(ARGV[at])], ARGV[at + 1]
    local known = queue.lastJobs[orderingKey]
    local last = not (known and isPending(queue, known)) and rcall("HGET", queue.last, ARGV[at + 2])
    if last then queue.lastJobs[orderingKey] = last end
  end
end

-- A job has room for one parent. Where a change that moved its row between two keys has already tied them
-- together, the job to wait for is the last of that chain.
local function endOfChain(queue, id)
  while true do
    local parentKey = rcall("HGET", queue.base .. id, "parentKey")
    if not parentKey or rcall("EXISTS", parentKey) == 0 then return id end
    local parent = string.sub(parentKey, #queue.base + 1)
    -- Tied by a script that failed: a job that this batch adds only later is nobody's predecessor yet.
    if queue.ids[parent] and not queue.fresh[parent] then return id end
    id = parent
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
  if own then
    options = own
    for name, value in pairs(queue.options) do
      if options[name] == nil then options[name] = value end
    end
  end
  options.jobId = id
  optionsJson[options] = not own and json .. ',"jobId":"' .. id .. '"}' or nil
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

-- Redis has the job, and no worker will ever find it: a script that failed midway left it, and could not undo it.
local function isStranded(queue, id)
  local base = queue.base
  if queue.fresh[id] then return false end
  for _, set in ipairs({"completed", "failed", "delayed", "prioritized"}) do
    if rcall("ZSCORE", base .. set, id) then return false end
  end
  for _, list in ipairs({"wait", "paused", "active"}) do
    if rcall("LPOS", base .. list, id) then return false end
  end
  if not rcall("ZSCORE", base .. "waiting-children", id) then return true end
  for _, child in ipairs(rcall("SMEMBERS", base .. id .. ":dependencies")) do
    if rcall("HGET", child, "parentKey") == base .. id then return false end
  end
  return true
end

-- Takes a job that no worker has seen out of wherever it stands, but for the lists.
local function forget(call, queue, id, deduplicationKey)
  local base = queue.base
  call("DEL", base .. id, base .. id .. ":dependencies", base .. id .. ":processed")
  for _, set in ipairs({"waiting-children", "delayed", "prioritized"}) do call("ZREM", base .. set, id) end
  if deduplicationKey and call("GET", deduplicationKey) == id then call("DEL", deduplicationKey) end
end

local function deduplicationKeyOf(job)
  return job.own and job.own.de and job.queue.base .. "de:" .. job.own.de.id
end

local function addBehind(queue, isParent, args, data, options)
  if not isParent then return addReady(queue, args, data, options) end
  local base = queue.base
  queue.parentKeys = queue.parentKeys or {base .. "meta", base .. "id", base .. "delayed",
    base .. "waiting-children", queue.completed, base .. "events"}
  return bullmq.addParentJob(queue.parentKeys, {args, data, options})
end

-- Existing jobs that were tied to a successor.
local tied = {}

local function add(job)
  local queue, id, orderingKey, secondKey = job.queue, job.id, job.orderingKey, job.secondKey
  local base = queue.base
  local first, second = lastOf(queue, orderingKey), lastOf(queue, secondKey)
  if second == first then second = nil end
  local options = optionsOf(queue, id, job.own)
  local deduplicationKey = deduplicationKeyOf(job)
  -- Left by a script that failed before it stored the job: BullMQ would take the job for a duplicate of itself.
  if deduplicationKey and rcall("GET", deduplicationKey) == id and rcall("EXISTS", base .. id) == 0 then
    rcall("DEL", deduplicationKey)
  end
  local args = {base, id, job.name, timestamp, [9] = deduplicationKey}
  local isParent = first or second
  local added = addBehind(queue, isParent, args, job.data, options)
  if not absent[base .. id] and isStranded(queue, id) then
    forget(rcall, queue, id, deduplicationKey)
    added = addBehind(queue, isParent, args, job.data, options)
  end
  -- A job that BullMQ took for a duplicate is nobody's predecessor.
  if added ~= id then return end
  -- The duplicate-id path of addStandardJob adopts an existing job as a child of the one just added.
  for _, predecessor in pairs({first, second}) do
    if not queue.fresh[predecessor] then tied[#tied + 1] = base .. predecessor end
    addReady(queue, {base, predecessor, "", timestamp, base .. id, base .. id .. ":dependencies",
      {id = id, queueKey = queue.key}}, "", queue.options)
  end
  queue.added = queue.added + 1
  queue.fresh[id] = true
  if orderingKey ~= "" then queue.lastJobs[orderingKey] = id end
  if secondKey ~= "" then queue.lastJobs[secondKey] = id end
end

-- From now on each key's last job is the one added last.
local isRemembering = false
local function remember(queue)
  local pairsToSet = {}
  for _, orderingKey in ipairs(queue.orderingKeys) do
    local id = queue.lastJobs[orderingKey]
    if id then
      pairsToSet[#pairsToSet + 1] = orderingKey
      pairsToSet[#pairsToSet + 1] = id
    end
  end
  isRemembering = true
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
    writing = queue.ring
    local keys = rcall("LRANGE", queue.ring, 0, size - 1)
    if #keys == 0 then return end
    local kept, gone = {}, {}
    for at, last in ipairs(rcall("HMGET", queue.last, unpack(keys))) do
      local target = last and isPending(queue, last) and kept or gone
      target[#target + 1] = keys[at]
    end
    -- In this order: whatever fails, no key is in the hash that is not in the ring.
    if #kept > 0 then rcall("RPUSH", queue.ring, unpack(kept)) end
    if #gone > 0 then rcall("HDEL", queue.last, unpack(gone)) end
    rcall("LPOP", queue.ring, #keys)
    misses = misses - #kept
    if misses < 0 then return end
  end
end

-- The checkpoint is written last: it says that everything else has been.
local function enqueue()
  readQueues()
  readJobs()
  readOrderingKeys()
  for _, queue in ipairs(queues) do readLastJobs(queue) end
  readFormerKeys()
  for _, job in ipairs(jobs) do
    writing = job.queue.base .. job.id
    add(job)
  end
  finishView()
  for _, queue in ipairs(queues) do remember(queue) end
  for _, queue in ipairs(queues) do sweep(queue) end
  writing = checkpointKey
  rcall("HSET", checkpointKey, "position", ends, "transaction", transaction)
end

-- What BullMQ has said of jobs that are no more.
local function restoreEvents(call, queue, count)
  local events, ids = queue.base .. "events", {}
  local entries = call("XREVRANGE", events, "+", "-", "COUNT", 8 * count)
  if entries.err then return end
  for _, entry in ipairs(entries) do
    for at = 1, #entry[2], 2 do
      if entry[2][at] == "jobId" and absent[queue.base .. entry[2][at + 1]] then ids[#ids + 1] = entry[1] end
    end
  end
  for first = 1, #ids, CHUNK do
    call("XDEL", events, unpack(ids, first, math.min(first + CHUNK - 1, #ids)))
  end
end

local function restorePointers(call, queue)
  for _, orderingKey in ipairs(queue.orderingKeys) do
    local before = queue.lastJobsBefore[orderingKey]
    if before then
      call("HSET", queue.last, orderingKey, before)
      call("RPUSH", queue.ring, orderingKey)
    else
      call("HDEL", queue.last, orderingKey)
    end
  end
end

-- Redis keeps what a script wrote before it failed: here it is taken back, so that no worker ever sees half a batch.
-- Counters stay where they are. Returns what Redis refuses of this too.
local function undo()
  local refused
  local function call(...)
    local reply = server.pcall(...)
    if type(reply) == "table" and reply.err then refused = reply.err end
    return reply
  end
  for list, count in pairs(pushed) do call("LTRIM", list, count, -1) end
  local counts = {}
  for _, job in ipairs(jobs) do
    if absent[job.queue.base .. job.id] then
      forget(call, job.queue, job.id, deduplicationKeyOf(job))
      counts[job.queue] = (counts[job.queue] or 0) + 1
    end
  end
  for _, key in ipairs(tied) do call("HDEL", key, "parentKey", "parent") end
  for queue, count in pairs(counts) do restoreEvents(call, queue, count) end
  if isRemembering then
    for _, queue in ipairs(queues) do restorePointers(call, queue) end
  end
  return refused
end

-- Compare and set. This one check is the fence against a second or a stalled capture, the answer to a lost reply,
-- and what makes two batches in flight safe.
local position = rcall("HGET", checkpointKey, "position")
if position ~= follows then return {0, position or ""} end

local isDone, failure = pcall(enqueue)
if isDone then return {1} end
return {2, type(failure) == "table" and failure.err or tostring(failure), writing, undo() or ""}
`;
