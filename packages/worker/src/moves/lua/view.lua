--[[
  The view of Redis that BullMQ's scripts get during a call.

  BullMQ writes its scripts for one job. Called for many, they read the same keys again, write the same hash twice and
  delete key by key. The view answers a read from what it knows, gathers writes, and does each with one command for all
  jobs. A key that has gathered writes is written before any command that the view cannot answer. So the scripts see at
  every moment what Redis would hold, and the end state is the same (the contract test compares it key by key).
]]
local server = redis
local call = server.call

local base, takeToken = ARGV[1], ARGV[3]
local stalledKey, metaKey, delayedKey = base .. "stalled", base .. "meta", base .. "delayed"

-- What is known of Redis, by key: fields of a hash (false: absent); all fields of a hash, as HGETALL returns them; strings;
-- keys that do not exist; lists and sorted sets without members; replies of reads, by their arguments.
local partial, whole, strings, absent, empty, replies = {}, {}, {}, {}, {}, {}
-- Gathered writes, by key: fields and values; scores and members. Then members of the stalled set, and keys.
local changed, scored, released, doomed, isDoomed = {}, {}, {}, {}, {}
local trimmed = {}

-- Lua's stack limits the number of arguments of one call.
local CHUNK = 1000
local function inChunks(command, key, values)
  for first = 1, #values, CHUNK do
    call(command, key, unpack(values, first, math.min(first + CHUNK - 1, #values)))
  end
end

local function deleteDoomed()
  local keys = doomed
  doomed, isDoomed = {}, {}
  for first = 1, #keys, CHUNK do call("DEL", unpack(keys, first, math.min(first + CHUNK - 1, #keys))) end
end

-- Does the gathered writes of a key.
local function settle(key)
  if isDoomed[key] then deleteDoomed() end
  local fields = changed[key]
  if fields then
    changed[key] = nil
    call("HSET", key, unpack(fields))
  end
  local scores = scored[key]
  if scores then
    scored[key] = nil
    inChunks("ZADD", key, scores)
  end
end

-- What fails leaves nothing else undone.
local function finishView()
  local failure
  local function try(act, ...)
    local isDone, reply = pcall(act, ...)
    if not isDone then failure = failure or reply end
  end
  for key in pairs(changed) do try(settle, key) end
  for key in pairs(scored) do try(settle, key) end
  try(inChunks, "SREM", stalledKey, released)
  try(deleteDoomed)
  if failure then error(failure, 0) end
end

-- A command that the view has no answer for.
local function read(command, key, ...)
  settle(key)
  return call(command, key, ...)
end
local KNOWN = {partial, whole, strings, absent, empty, replies}
local function forget(key)
  -- Lua makes room for a key that is set to nil.
  for index = 1, #KNOWN do
    local known = KNOWN[index]
    if known[key] ~= nil then known[key] = nil end
  end
end
local function write(command, key, ...)
  settle(key)
  forget(key)
  return call(command, key, ...)
end

-- Of keys that every job reads.
local function remembered(command, key, ...)
  if key ~= metaKey and key ~= delayedKey then return read(command, key, ...) end
  local known, arguments = replies[key], table.concat({command, ...}, " ")
  if not known then
    known = {}
    replies[key] = known
  end
  local reply = known[arguments]
  if reply == nil then
    reply = read(command, key, ...)
    known[arguments] = reply
  end
  return reply
end

local function placeOf(list, field)
  for at = 1, #list, 2 do
    if list[at] == field then return at end
  end
end

-- Returns nil for a field that the view does not know.
local function fieldOf(key, field)
  local list = whole[key]
  if list then
    local at = placeOf(list, field)
    return at and list[at + 1] or false
  end
  local fields = partial[key]
  return fields and fields[field]
end

local function setField(key, field, value)
  local list, fields, changes = whole[key], partial[key], changed[key]
  if list then
    local at = placeOf(list, field) or #list + 1
    list[at], list[at + 1] = field, value
  else
    fields[field] = value
  end
  if not changes then
    changes = {}
    changed[key] = changes
  end
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end

local function setFields(command, key, ...)
  if not whole[key] and not partial[key] then return write(command, key, ...) end
  local values = {...}
  for at = 1, #values, 2 do setField(key, values[at], tostring(values[at + 1])) end
  return 0
end

local function counted(command)
  return function(key)
    if absent[key] or isDoomed[key] then return 0 end
    return read(command, key)
  end
end

local function pushed(command)
  return function(key, ...)
    forget(key)
    return call(command, key, ...)
  end
end

local shortcuts = {
  -- Streams take one entry per command, and no script reads them.
  XADD = function(...) return call("XADD", ...) end,
  XTRIM = function(key, ...)
    if trimmed[key] then return 0 end
    trimmed[key] = true
    return call("XTRIM", key, ...)
  end,
  EXISTS = function(key)
    if absent[key] or isDoomed[key] then return 0 end
    if partial[key] then return 1 end
    return read("EXISTS", key)
  end,
  SCARD = counted("SCARD"),
  ZCARD = counted("ZCARD"),
  LLEN = counted("LLEN"),
  GET = function(key)
    local value = strings[key]
    if value ~= nil then return value end
    return read("GET", key)
  end,
  -- All jobs that a call takes have its token, so that they are found if its reply is lost.
  SET = function(key, value, ...)
    if string.sub(key, -5) == ":lock" then value = takeToken end
    return write("SET", key, value, ...)
  end,
  DEL = function(...)
    for index = 1, select("#", ...) do
      local key = select(index, ...)
      if not absent[key] and not isDoomed[key] then
        if changed[key] then changed[key] = nil end
        if scored[key] then scored[key] = nil end
        forget(key)
        isDoomed[key] = true
        doomed[#doomed + 1] = key
      end
    end
    return 1
  end,
  HGET = function(key, field)
    local value = fieldOf(key, field)
    if value ~= nil then return value end
    return remembered("HGET", key, field)
  end,
  HMGET = function(key, ...)
    if not whole[key] and not partial[key] then return remembered("HMGET", key, ...) end
    local values = {}
    for index, field in ipairs({...}) do
      local value = fieldOf(key, field)
      if value == nil then return read("HMGET", key, ...) end
      values[index] = value
    end
    return values
  end,
  HGETALL = function(key)
    return whole[key] or read("HGETALL", key)
  end,
  HEXISTS = function(key, field)
    local value = fieldOf(key, field)
    if value ~= nil then return value and 1 or 0 end
    return read("HEXISTS", key, field)
  end,
  HSET = function(...) return setFields("HSET", ...) end,
  HMSET = function(...) return setFields("HMSET", ...) end,
  HINCRBY = function(key, field, increment)
    local value = fieldOf(key, field)
    if value == nil then return write("HINCRBY", key, field, increment) end
    local sum = tonumber(value or 0) + increment
    setField(key, field, tostring(sum))
    return sum
  end,
  SREM = function(key, member)
    if key ~= stalledKey then return write("SREM", key, member) end
    released[#released + 1] = member
    return 1
  end,
  ZADD = function(key, score, member)
    forget(key)
    local scores = scored[key]
    if not scores then
      scores = {}
      scored[key] = scores
    end
    local last = #scores
    -- Every job taken adds the same marker.
    if scores[last] == member and scores[last - 1] == score then return 0 end
    scores[last + 1], scores[last + 2] = score, member
    return 1
  end,
  ZRANGE = function(...) return remembered("ZRANGE", ...) end,
  ZRANGEBYSCORE = function(...) return remembered("ZRANGEBYSCORE", ...) end,
  ZREVRANGE = function(...) return read("ZREVRANGE", ...) end,
  ZREVRANGEBYSCORE = function(...) return read("ZREVRANGEBYSCORE", ...) end,
  ZSCORE = function(...) return read("ZSCORE", ...) end,
  ZPOPMIN = function(key)
    if empty[key] then return {} end
    local popped = write("ZPOPMIN", key)
    if #popped == 0 then empty[key] = true
    else whole[base .. popped[1]] = read("HGETALL", base .. popped[1]) end
    return popped
  end,
  RPOPLPUSH = function(source, target)
    if empty[source] then return false end
    local id = call("RPOPLPUSH", source, target)
    if id then whole[base .. id] = read("HGETALL", base .. id)
    else empty[source] = true end
    return id
  end,
  LPUSH = pushed("LPUSH"),
  RPUSH = pushed("RPUSH"),
  PTTL = function(...) return read("PTTL", ...) end,
}

local redis = {
  call = function(command, ...)
    local shortcut = shortcuts[command]
    if shortcut then return shortcut(...) end
    return write(command, ...)
  end,
}

-- Reads what BullMQ's script asks of each job that it completes.
local READ = {"parentKey", "parent", "deid", "atm", "timestamp"}
local function readFinished(jobs)
  if #jobs == 0 then return end
  local locks, children = {}, {}
  for index, job in ipairs(jobs) do
    locks[index] = job.key .. ":lock"
    children[2 * index - 1] = job.key .. ":dependencies"
    children[2 * index] = job.key .. ":unsuccessful"
  end
  local tokens = call("MGET", unpack(locks))
  local haveChildren = call("EXISTS", unpack(children)) > 0
  for index, job in ipairs(jobs) do
    job.lock, job.held = locks[index], tokens[index]
    job.haveChildren = haveChildren
    job.fields = call("HMGET", job.key, unpack(READ))
  end
end

-- Lets the view answer BullMQ's script from what was read.
local function know(job)
  strings[job.lock] = job.held
  if not job.haveChildren then
    absent[job.key .. ":dependencies"], absent[job.key .. ":unsuccessful"] = true, true
  end
  -- Every job has a timestamp.
  if not job.fields[5] then return end
  local fields = {}
  for index, field in ipairs(READ) do fields[field] = job.fields[index] end
  partial[job.key] = fields
end

-- BullMQ's scripts get options as tables without packing.
local cmsgpack = {unpack = function(table) return table end}

local bullmq = {}
