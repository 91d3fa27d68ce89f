-- Stores the last job of each ordering key, and removes pointers to last jobs that are finished or gone.

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
  inChunks("RPUSH", queue.sweepList, queue.newKeys)
end

-- Each batch checks at least as many pointers as it added and removes those whose job is finished or gone, so that memory
-- follows the work in flight. The sweep stops early in a list of unfinished work.
local SWEPT = 50
local function sweep(queue)
  local misses = queue.added / 4 + 4
  -- With the full size, the sweep took half of the time of a batch of one change.
  local size = math.min(SWEPT, 2 * queue.added + 1)
  for _ = 1, 2 * queue.added + 100, size do
    writing = queue.sweepList
    local keys = rcall("LRANGE", queue.sweepList, 0, size - 1)
    if #keys == 0 then return end
    local kept, gone = {}, {}
    for at, last in ipairs(rcall("HMGET", queue.last, unpack(keys))) do
      local target = last and isPending(queue, last) and kept or gone
      target[#target + 1] = keys[at]
    end
    -- In this order: after a failure at any command, each key of the hash is still in the sweep list.
    if #kept > 0 then rcall("RPUSH", queue.sweepList, unpack(kept)) end
    if #gone > 0 then rcall("HDEL", queue.last, unpack(gone)) end
    rcall("LPOP", queue.sweepList, #keys)
    misses = misses - #kept
    if misses < 0 then return end
  end
end
