-- Stores the last job of each ordering key, and removes pointers to last jobs that are finished or gone.

local isRemembering = false
local function remember(queue)
  local pairsToSet = {}
  for _, orderingKey in ipairs(queue.orderingKeys) do
    local job = queue.lastJobs[orderingKey]
    if job then
      pairsToSet[#pairsToSet + 1] = orderingKey
      pairsToSet[#pairsToSet + 1] = idOf(job)
    end
  end
  isRemembering = true
  inChunks("HSET", queue.last, pairsToSet)
  inChunks("RPUSH", queue.sweepList, queue.newKeys)
end

-- Returns which of these jobs are unfinished, as a set of ids. Most of them are alike, so one question may answer for all.
local function unfinished(queue, ids)
  local pending, keys = {}, {}
  if #ids == 0 then return pending end
  for at, id in ipairs(ids) do keys[at] = queue.base .. id end
  local existing = rcall("EXISTS", unpack(keys))
  for at, id in ipairs(ids) do
    local exists = existing == #keys or existing > 0 and rcall("EXISTS", keys[at]) == 1
    if exists and not rcall("ZSCORE", queue.completed, id) then pending[id] = true end
  end
  return pending
end

-- Returns how many pointers to check: at least as many as were added since the last sweep. A sweep has a fixed cost, a
-- fifth of a batch of one change. So it takes place once in SWEPT_TOGETHER jobs, counted by BullMQ's own counter of jobs.
local SWEPT_TOGETHER = 16
local function pointersDue(queue)
  local counter = counters[queue.base .. "id"]
  if queue.added == 0 or not counter then return 1 end
  local before, after = counter.first - 1, counter.first + counter.more
  local turns = math.floor(after / SWEPT_TOGETHER) - math.floor(before / SWEPT_TOGETHER)
  return turns > 0 and math.max(turns * SWEPT_TOGETHER, queue.added) or 0
end

-- Removes pointers whose job is finished or gone, so that memory follows the work in flight. The sweep stops early in a
-- list of unfinished work.
local SWEPT = 50
local function sweep(queue)
  local due = pointersDue(queue)
  if due == 0 then return end
  local size = math.min(SWEPT, 2 * due + 1)
  for _ = 1, 2 * due + 100, size do
    writing = queue.sweepList
    local keys = rcall("LRANGE", queue.sweepList, 0, size - 1)
    if #keys == 0 then return end
    local lastJobs, ids = rcall("HMGET", queue.last, unpack(keys)), {}
    for _, id in ipairs(lastJobs) do
      if id then ids[#ids + 1] = id end
    end
    local pending = unfinished(queue, ids)
    local kept, gone = {}, {}
    for at, id in ipairs(lastJobs) do
      local target = id and pending[id] and kept or gone
      target[#target + 1] = keys[at]
    end
    -- In this order: after a failure at any command, each key of the hash is still in the sweep list.
    if #kept > 0 then rcall("RPUSH", queue.sweepList, unpack(kept)) end
    if #gone > 0 then rcall("HDEL", queue.last, unpack(gone)) end
    rcall("LPOP", queue.sweepList, #keys)
    if 2 * #kept > #keys then return end
  end
end
