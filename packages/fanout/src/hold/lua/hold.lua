--[[
  Pauses an ordering key: its changes that wait, and all later ones, wait until release.lua. An active change ends; a failed one
  stays failed, and runs alone if it is retried. A key that is held already is held anew: a change that was active then, and
  waits for its next attempt now, waits too.

  Input:
    KEYS[1] queue's metadata
    ARGV[1] key prefix of the queue ('bull:orders:')
    ARGV[2] ordering key
    ARGV[3] id of the hold
    ARGV[4] data of the hold, JSON
    ARGV[5] time, milliseconds since 1970

  Output: {whether it was held before, id of the key's first unfinished job or '', its state or ''}
]]
local base, orderingKey, hold, data, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

--- @include "links"

-- The first write is one that Redis refuses without memory: then nothing is changed.
local function makeHold()
  bullmq.addParentJob({base .. "meta", base .. "id", base .. "delayed", base .. "waiting-children", base .. "completed",
    base .. "events"}, {cmsgpack.pack({base, hold, "walmq.hold", now}), data, cmsgpack.pack({jobId = hold})})
  rcall("SADD", base .. hold .. ":dependencies", NEVER)
  rcall("HSET", held, orderingKey, hold)
end

-- Of a job that moves its row between two keys: the last job of each key before it, by key; nil of other jobs.
local function movedKeys(id)
  local keys = rcall("HGET", base .. id, "walmq:keys")
  if not keys then return nil end
  local first, ofFirst, second, ofSecond = unpack(cjson.decode(keys))
  return {[first] = ofFirst, [second] = ofSecond}
end

local function contains(list, value)
  for _, each in ipairs(list) do
    if each == value then return true end
  end
  return false
end

-- The latest job among these, and those that they wait for, that moves a row from or to the key; nil if there is none.
local function moveBelow(ids)
  local todo, seen = ids, {}
  while #todo > 0 do
    local id = table.remove(todo)
    if not seen[id] then
      seen[id] = true
      local keys = movedKeys(id)
      if keys and keys[orderingKey] then return id end
      for _, child in ipairs(childrenOf(id)) do todo[#todo + 1] = child end
    end
  end
  return nil
end

-- The first job of the key in the line that ends with `id`. A job that moves a row waits for two lines, of which one is the key's.
local function headOf(id)
  while true do
    local children, keys = childrenOf(id), movedKeys(id)
    local before = keys and keys[orderingKey]
    if before then
      if not contains(children, before) then return id end
    elseif #children == 1 then
      before = children[1]
    else
      before = moveBelow(children)
      if not before then return id end
    end
    id = before
  end
end

local LISTS = {"wait", "paused"}
local SETS = {"delayed", "prioritized", "failed", "waiting-children"}
local function stateOf(id)
  for _, set in ipairs(SETS) do
    if rcall("ZSCORE", base .. set, id) then return set end
  end
  if rcall("LPOS", base .. "active", id) then return "active" end
  for _, list in ipairs(LISTS) do
    if rcall("LPOS", base .. list, id) then return list end
  end
  return "unknown"
end

-- Makes a job that is ready for workers wait for the hold.
local function holdBefore(id, state)
  if state == "delayed" then
    -- BullMQ's score is the time times 4096, plus a counter. The rest of the delay counts after the release.
    rcall("HSET", base .. hold, "due", string.format("%.0f", math.floor(rcall("ZSCORE", base .. "delayed", id) / 0x1000)))
  end
  tie(hold, id)
  if state == "waiting-children" then return end
  for _, list in ipairs(LISTS) do rcall("LREM", base .. list, 1, id) end
  rcall("ZREM", base .. "delayed", id)
  rcall("ZREM", base .. "prioritized", id)
  rcall("ZADD", base .. "waiting-children", now, id)
  rcall("XADD", base .. "events", "MAXLEN", "~", 10000, "*", "event", "waiting-children", "jobId", id)
end

-- Lets a job run that does already, or that has failed, and holds what waits for it.
local function holdAfter(id, isLast)
  local parent = not isLast and parentOf(id)
  if parent then
    rcall("SREM", base .. parent .. ":dependencies", base .. id)
    tie(hold, parent)
    tie(id, hold)
  else
    tie(endOfChain(id), hold)
    rcall("HSET", last, orderingKey, hold)
  end
end

local wasHeld = rcall("EXISTS", base .. hold) == 1
if wasHeld then
  rcall("HSET", base .. hold, "data", data)
  local parent = unlink(hold, orderingKey)
  -- The job that waited for the hold alone is the head of the line, and gets the hold back.
  if parent and #childrenOf(parent) == 0 then
    tie(hold, parent)
    return {1, parent, "waiting-children"}
  end
  rcall("HDEL", base .. hold, "due")
else
  makeHold()
end

local pointer = rcall("HGET", last, orderingKey)
if not pointer or pointer == hold or not isPending(pointer) then
  rcall("HSET", last, orderingKey, hold)
  if not pointer then rcall("RPUSH", base .. "walmq:ring", orderingKey) end
  return {wasHeld and 1 or 0, "", ""}
end
local head = headOf(pointer)
local state = stateOf(head)
if state == "active" or state == "failed" or isHold(head) then
  holdAfter(head, head == pointer)
else
  holdBefore(head, state)
end
return {wasHeld and 1 or 0, head, state}
