--[[
  Plain jobs without BullMQ's functions: those run some 40 commands of Lua for each command of Redis, and ask for each job
  what is the same for all jobs of a call. A plain job has its lock, no children, no de-duplication, and no parent or an
  ordinary one in its own queue; it comes from the wait list of a queue without limits. BullMQ's functions move all others.

  These lines repeat what BullMQ's do, and write what can be gathered with one command for all jobs. They run only with the
  very scripts that they were compared with (isProven), and the contract test compares what both leave.
]]
local activeKey, waitKey, eventsKey, completedKey = base .. "active", base .. "wait", base .. "events", base .. "completed"
local prioritizedKey = base .. "prioritized"

-- Gathered: locks and other keys to delete; ids of jobs that have left the active list; scores and ids of completed ones.
local doomed, released, scores = {}, {}, {}
-- Gathered: ids of jobs taken, and how many of them come from the wait list; ids of jobs that wait no longer for their
-- children, and which of them were taken. Number of jobs taken before.
local begun, popped, freed, isFreed, takenBefore = {}, 0, {}, {}, 0
local isMarkerDue = false

-- Lua's stack limits the number of arguments of one call.
local CHUNK = 1000
local function inChunks(command, values, ...)
  local first, count = 1, #values
  while first <= count do
    local last = math.min(first + CHUNK - 1, count)
    if ... then call(command, ..., unpack(values, first, last)) else call(command, unpack(values, first, last)) end
    first = last + 1
  end
end

local isUnlimited, maxEvents
local function readQueue()
  if not options.isProven or options.limiter then return end
  local meta = call("HMGET", base .. "meta", "paused", "concurrency", "max", "duration", "opts.maxLenEvents")
  isUnlimited = not (meta[1] or meta[2] or meta[3] or meta[4])
  maxEvents = meta[5]
end

-- From so many jobs on, one look at the end of the active list costs less than to search it for each.
local MANY = 8
-- Ids at the end of the active list; their places; the places that are to be removed, and the first of them.
local tail, placeOf, isGone, firstGone = {}, {}, {}, nil
local function readTail()
  if #finished < MANY then return end
  tail = call("LRANGE", activeKey, -3 * #finished, "-1")
  for place = 1, #tail do placeOf[tail[place]] = place end
end

-- Returns false for a job that is not in the active list.
local function leaveActive(id)
  local place = placeOf[id]
  if place == nil then return call("LREM", activeKey, "-1", id) > 0 end
  if not place then return false end
  placeOf[id], isGone[place] = false, true
  if not firstGone or place < firstGone then firstGone = place end
  return true
end

local areFinishedPlain = false
local function readFinished()
  if #finished == 0 or not isUnlimited or not maxEvents or options.maxMetricsSize ~= "" then return end
  local keys, locks, children = {}, {}, {}
  for index = 1, #finished do
    local key = finished[index].key
    keys[index], locks[index] = key, key .. ":lock"
    children[2 * index - 1], children[2 * index] = key .. ":dependencies", key .. ":unsuccessful"
  end
  if call("EXISTS", unpack(keys)) < #keys or call("EXISTS", unpack(children)) > 0 then return end
  local tokens = call("MGET", unpack(locks))
  for index = 1, #finished do
    local job = finished[index]
    job.lock, job.isHeld = locks[index], tokens[index] == job.token
  end
  readTail()
  call("XTRIM", eventsKey, "MAXLEN", "~", maxEvents)
  areFinishedPlain = true
end

local delayed
local function readDelayed()
  delayed = delayed or call("ZRANGE", base .. "delayed", "0", "0", "WITHSCORES")
  return tonumber(delayed[2])
end

-- Ids at the end of the wait list, the place of the next one, and the number of jobs to take in all.
local waiting, nextAt, most
local function readWaiting()
  local count = wanted - #taken
  most = wanted
  if spare > 0 then
    -- Jobs that would have to wait here are left to other workers, unless there are enough for all.
    local more = math.floor((call("LLEN", waitKey) - count) / 2)
    most = wanted + math.max(math.min(spare, more), 0)
  end
  waiting = call("LRANGE", waitKey, #taken - most, "-1")
  nextAt = #waiting
end

-- BullMQ adds the marker after each job that it takes, also after the last one: then each job at a low rate costs its worker
-- one more wait and one more call, which find nothing.
local function announce()
  if call("LLEN", waitKey) == 0 and call("ZCARD", prioritizedKey) == 0 then return end
  call("ZADD", base .. "marker", "0", "0")
end

-- Does the gathered writes. What fails leaves nothing else undone.
local function settle()
  local failure
  local function try(...)
    local isDone, reply = pcall(...)
    if not isDone then failure = failure or reply end
    return isDone
  end
  local ids, count, left = begun, popped, freed
  begun, popped, freed, waiting = {}, 0, {}, nil
  if #ids > 0 then
    local isPushed = try(inChunks, "LPUSH", ids, activeKey)
    if not isPushed or count > 0 and not try(call, "LTRIM", waitKey, "0", -count - 1) then
      -- Back to where each of them was.
      if isPushed then try(call, "LTRIM", activeKey, #ids, "-1") end
      for at = 1, #ids do
        if isFreed[ids[at]] then left[#left + 1] = ids[at] end
      end
      for at = #taken, takenBefore + 1, -1 do taken[at] = nil end
    end
  end
  takenBefore = #taken
  if #left > 0 and not try(inChunks, "RPUSH", left, waitKey) then try(inChunks, "RPUSH", left, waitKey) end
  if firstGone then
    local kept = {}
    for place = firstGone, #tail do
      if not isGone[place] then kept[#kept + 1] = tail[place] end
    end
    if not try(call, "LTRIM", activeKey, "0", firstGone - #tail - 2) then
      for place in pairs(isGone) do try(call, "LREM", activeKey, "-1", tail[place]) end
    elseif #kept > 0 and not try(inChunks, "RPUSH", kept, activeKey) then try(inChunks, "RPUSH", kept, activeKey) end
  end
  tail, placeOf, isGone, firstGone = {}, {}, {}, nil
  local pairsToAdd, gone, keys = scores, released, doomed
  scores, released, doomed = {}, {}, {}
  try(inChunks, "ZADD", pairsToAdd, completedKey)
  try(inChunks, "SREM", gone, base .. "stalled")
  try(inChunks, "DEL", keys)
  if isMarkerDue then
    isMarkerDue = false
    try(announce)
  end
  if failure then error(failure, 0) end
end

-- Returns nothing for a job that BullMQ's functions have to complete. Else its parent: key, id, and whether it exists.
local function plainParentOf(job)
  if not areFinishedPlain or not job.isHeld or job.attempts == "" then return end
  local key = call("HGET", job.key, "parentKey")
  if not key or key == "" then return false end
  local id = string.sub(key, #base + 1)
  if string.sub(key, 1, #base) ~= base or string.find(id, ":", 1, true) then return end
  local fields = call("HMGET", key, "priority", "delay", "timestamp")
  if (fields[1] or "0") ~= "0" or (fields[2] or "0") ~= "0" then return end
  return key, id, fields[3] and true
end

-- Takes a completed child from its parent. The parent may be taken next, as if it were the last of the wait list.
local function leaveParent(job, key, id, exists)
  local dependencies = key .. ":dependencies"
  if call("SREM", dependencies, job.key) == 0 then return end
  call("HSET", key .. ":processed", job.key, job.value)
  if call("SCARD", dependencies) > 0 or not exists or call("ZREM", base .. "waiting-children", id) == 0 then return end
  freed[#freed + 1] = id
  isMarkerDue = true
  redis.call("XADD", eventsKey, "*", "event", "waiting", "jobId", id, "prev", "waiting-children")
end

local function doom(key)
  local count = #doomed
  doomed[count + 1], doomed[count + 2], doomed[count + 3] = key, key .. ":logs", key .. ":dependencies"
  doomed[count + 4], doomed[count + 5], doomed[count + 6] = key .. ":processed", key .. ":failed", key .. ":unsuccessful"
end

-- An old child is in its parent's dependencies no longer, unless somebody has put it there again.
local function releaseParent(key, child)
  local dependencies = key .. ":dependencies"
  if call("SREM", dependencies, child) == 0 or call("EXISTS", key) == 0 or call("SCARD", dependencies) > 0 then return end
  local id = string.match(key, ".*:(.*)")
  local queue = string.sub(key, 1, #key - #id)
  if call("ZREM", queue .. "waiting-children", id) == 0 then return end
  settle()
  call("RPUSH", queue .. "wait", id)
  local limits = call("HMGET", queue .. "meta", "paused", "concurrency")
  if not limits[1] and not (limits[2] and call("LLEN", queue .. "active") >= tonumber(limits[2])) then
    call("ZADD", queue .. "marker", "0", "0")
  end
  redis.call("XADD", queue .. "events", "*", "event", "waiting", "jobId", id, "prev", "waiting-children")
end

local function removeOld(ids)
  for at = 1, #ids do
    local key = base .. ids[at]
    local parentKey = call("HGET", key, "parentKey")
    if parentKey and parentKey ~= "" then releaseParent(parentKey, key) end
    doom(key)
  end
end

-- Removes completed jobs that are more or older than a retention allows.
local MOST_OLD = 1000
local function trim(keep)
  local gathered = scores
  scores = {}
  inChunks("ZADD", gathered, completedKey)
  if keep.age then
    local before, limit = timestamp - keep.age * 1000, keep.limit or MOST_OLD
    local ids = call("ZREVRANGEBYSCORE", completedKey, before, "-inf", "LIMIT", "0", limit)
    removeOld(ids)
    if #ids > 0 and #ids < limit then call("ZREMRANGEBYSCORE", completedKey, "-inf", before)
    else inChunks("ZREM", ids, completedKey) end
  end
  if keep.count and keep.count > 0 then
    local ids = call("ZREVRANGE", completedKey, keep.count, "-1")
    removeOld(ids)
    if #ids > 0 then call("ZREMRANGEBYRANK", completedKey, "0", -(keep.count + 1)) end
  end
end

-- Returns 0, or a negative code of BullMQ.
local function finishPlain(index, job, parentKey, parentId, parentExists)
  doomed[#doomed + 1] = job.lock
  released[#released + 1] = job.id
  if not leaveActive(job.id) then return -3 end
  local keep = job.keep
  if keep.count == 0 then doom(job.key)
  else call("HSET", job.key, "atm", job.attempts, "returnvalue", job.value, "finishedOn", timestamp) end
  if parentKey then leaveParent(job, parentKey, parentId, parentExists) end
  if keep.count ~= 0 then
    scores[#scores + 1], scores[#scores + 2] = timestamp, job.id
    if keep.last == index then trim(keep) end
  end
  if hasEvents then
    call("XADD", eventsKey, "*", "event", "completed", "jobId", job.id, "returnvalue", job.value, "prev", "active")
  end
  return 0
end

local function takePlain(id)
  local key = base .. id
  begun[#begun + 1] = id
  isMarkerDue = true
  local list = call("HGETALL", key)
  local started, last = "1", #list
  for at = 1, last, 2 do
    if list[at] == "ats" then started = string.format("%d", list[at + 1] + 1) end
  end
  list[last + 1], list[last + 2], list[last + 3], list[last + 4] = "processedOn", timestamp, "ats", started
  call("SET", key .. ":lock", takeToken, "PX", options.lockDuration)
  if hasEvents then call("XADD", eventsKey, "*", "event", "active", "jobId", id, "prev", "waiting") end
  if options.name then
    list[last + 5], list[last + 6] = "pb", options.name
    call("HSET", key, "processedOn", timestamp, "ats", started, "pb", options.name)
  else
    call("HSET", key, "processedOn", timestamp, "ats", started)
  end
  return {list, id, 0, 0}
end

-- The reply of BullMQ's moveToActive.
local function takeNext()
  if not isUnlimited then return takeByBullmq() end
  local nextTime = readDelayed()
  if nextTime and nextTime < (timestamp + 1) * 0x1000 then
    settle()
    delayed = nil
    return takeByBullmq()
  end
  local id = table.remove(freed)
  if id then
    isFreed[id] = true
    return takePlain(id)
  end
  if not waiting then readWaiting() end
  id = waiting[nextAt]
  -- Not one of the markers that BullMQ 4 left in the list.
  if id and string.sub(id, 1, 2) ~= "0:" then
    nextAt, popped = nextAt - 1, popped + 1
    return takePlain(id)
  end
  if id or call("ZCARD", prioritizedKey) > 0 then
    settle()
    return takeByBullmq()
  end
  doomed[#doomed + 1] = base .. "pc"
  return {0, 0, 0, nextTime and nextTime / 0x1000 or 0}
end

-- Jobs were completed, and none was taken after them.
local mayBeDrained = false
local function reportDrained()
  if not mayBeDrained then return end
  settle()
  if call("LLEN", waitKey) == 0 and call("LLEN", activeKey) == 0 and call("ZCARD", prioritizedKey) == 0 then
    redis.call("XADD", eventsKey, "*", "event", "drained")
  end
end

-- The reply of BullMQ's moveToFinished.
local function finishJob(index, job, isFetching)
  local parentKey, parentId, parentExists = plainParentOf(job)
  if parentKey == nil then
    settle()
    mayBeDrained = false
    return finishByBullmq(index, job, isFetching)
  end
  local code = finishPlain(index, job, parentKey, parentId, parentExists)
  local reply = code == 0 and isFetching and takeNext() or code
  mayBeDrained = code == 0 and (reply == 0 or type(reply[1]) ~= "table" and reply[4] == 0)
  return reply
end
