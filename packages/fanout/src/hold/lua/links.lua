-- A hold is a job in "waiting-children" that no worker takes, since one of its dependencies is a job that does not exist. It
-- stands in the line of an ordering key: BullMQ's own rules make the jobs behind it wait.

local rcall = redis.call
local bullmq = {}

--- @bullmq "addParentJob-6"
--- @bullmq "addStandardJob-9"
--- @bullmq "removeJob-2"

local queueKey = string.sub(base, 1, -2)
local HOLD_PREFIX = "walmq-hold-"
-- The dependency that never ends. BullMQ removes a dependency only when a job of this name completes or is removed.
local NEVER = base .. "walmq-hold"
local last = base .. "walmq:last"
local held = base .. "walmq:held"

local function isHold(id)
  return string.sub(id, 1, #HOLD_PREFIX) == HOLD_PREFIX
end

local function idOf(key)
  return string.sub(key, 1, #base) == base and string.sub(key, #base + 1) or nil
end

local function isPending(id)
  return rcall("EXISTS", base .. id) == 1 and not rcall("ZSCORE", base .. "completed", id)
end

-- The job of this queue that waits for a job.
local function parentOf(id)
  local parentKey = rcall("HGET", base .. id, "parentKey")
  if not parentKey or rcall("EXISTS", parentKey) == 0 then return nil end
  return idOf(parentKey)
end

-- The jobs of this queue that a job waits for.
local function childrenOf(id)
  local ids = {}
  for _, key in ipairs(rcall("SMEMBERS", base .. id .. ":dependencies")) do
    if key ~= NEVER and idOf(key) then ids[#ids + 1] = idOf(key) end
  end
  return ids
end

-- As BullMQ ties a job to its parent.
local function tie(id, parent)
  rcall("SADD", base .. parent .. ":dependencies", base .. id)
  rcall("HSET", base .. id, "parentKey", base .. parent, "parent", cjson.encode({id = parent, queueKey = queueKey}))
end

local function endOfChain(id)
  local parent = parentOf(id)
  while parent do
    id, parent = parent, parentOf(parent)
  end
  return id
end

-- Takes a hold out of its line: what waited for it waits for what it waited for. Returns the job that waited, which the caller
-- has to release or to hold again.
local function unlink(hold, orderingKey)
  local parent, children = parentOf(hold), childrenOf(hold)
  if parent then rcall("SREM", base .. parent .. ":dependencies", base .. hold) end
  rcall("HDEL", base .. hold, "parentKey", "parent")
  for _, child in ipairs(children) do
    rcall("SREM", base .. hold .. ":dependencies", base .. child)
    if parent then tie(child, parent) else rcall("HDEL", base .. child, "parentKey", "parent") end
  end
  -- A pointer to a hold that is gone counts as no pointer, and is swept as one.
  if children[1] and rcall("HGET", last, orderingKey) == hold then rcall("HSET", last, orderingKey, children[1]) end
  return parent
end
