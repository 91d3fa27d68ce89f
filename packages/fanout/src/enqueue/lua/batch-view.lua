--[[
  The view of Redis that BullMQ's scripts get during a batch.

  BullMQ writes its scripts for one job: each script reads the queue's metadata, increments its counter and adds the
  marker that wakes workers. In a batch the first script's answers serve the next scripts, and finishView pushes what
  they pushed with one command for each list. All other commands go to Redis unchanged. The end state is the same (the
  contract test compares it key by key), and a batch costs a third of the time (docs/reference/benchmark.md).
]]
local server = redis

-- By key: a counter's first value and the number of later increments; values to push; metadata of a queue; markers added.
local counters, pushes, maxEvents, pausedOrMaxed, markers = {}, {}, {}, {}, {}
-- For undo: keys of jobs that did not exist before the batch; number of values pushed, by list.
local absent, pushed = {}, {}
-- Keys of event streams that get no entries.
local isSilent = {}
-- The key that the script writes at the moment: a failure returns it.
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
  XADD = function(key, ...)
    if not isSilent[key] then return server.call("XADD", key, ...) end
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

-- Takes the commands of BullMQ's scripts during a rehearsal.
local rehearse

local redis = {
  call = function(command, ...)
    if rehearse then return rehearse(command, ...) end
    local shortcut = shortcuts[command]
    if shortcut then return shortcut(...) end
    return server.call(command, ...)
  end,
  pcall = server.pcall,
}

-- Lua's stack limits the number of arguments of one call.
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

-- BullMQ's scripts get options as tables without packing. For queue options their JSON is known, and only the id is new.
local optionsJson = {}
local cmsgpack = {unpack = function(table) return table end}
local decodeJson, encodeJson = cjson.decode, cjson.encode
local cjson = {encode = function(value) return optionsJson[value] or encodeJson(value) end}

local bullmq = {}
