--[[
  Resumes an ordering key that hold.lua has paused.

  Input:
    KEYS[1] queue's metadata
    ARGV[1] key prefix of the queue ('bull:orders:')
    ARGV[2] ordering key
    ARGV[3] id of the hold
    ARGV[4] time, milliseconds since 1970

  Output: {whether it was held, id of the job that waited for the hold or ''}
]]
local base, orderingKey, hold, now = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

--- @include "links"

local wasHeld = rcall("EXISTS", base .. hold) == 1
rcall("HDEL", held, orderingKey)
if not wasHeld then return {0, ""} end

local due = rcall("HGET", base .. hold, "due")
local parent = unlink(hold, orderingKey)
local isReady = parent and rcall("SCARD", base .. parent .. ":dependencies") == 0
if isReady then
  if due then
    rcall("HSET", base .. parent, "delay", string.format("%.0f", math.max(0, tonumber(due) - tonumber(now))))
  end
  -- BullMQ releases a parent, with its delay and its priority, when it meets a child that has completed.
  rcall("HSET", base .. hold, "returnvalue", "null")
  -- Only for BullMQ's look: removeJob removes it from one set alone.
  rcall("ZREM", base .. "waiting-children", hold)
  rcall("ZADD", base .. "completed", now, hold)
  local key = base .. parent
  bullmq.addStandardJob({base .. "wait", base .. "paused", base .. "meta", base .. "id", base .. "completed",
    base .. "delayed", base .. "active", base .. "events", base .. "marker"}, {
    cmsgpack.pack({base, hold, "", now, key, key .. ":dependencies", {id = parent, queueKey = queueKey}}), "",
    cmsgpack.pack({jobId = hold})})
  rcall("HDEL", key .. ":processed", base .. hold)
  rcall("HDEL", base .. hold, "parentKey", "parent")
end
bullmq.removeJob({base .. hold, base .. "repeat"}, {hold, "0", base})
return {1, isReady and parent or ""}
