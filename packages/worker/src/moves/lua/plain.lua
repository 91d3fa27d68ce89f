--[[
  Plain jobs without BullMQ's functions: those run about 40 commands of Lua for each command of Redis, and take two thirds of
  the time. A plain job has its lock, no parent, no children and no de-duplication, and is kept when it is completed; it comes
  from the wait list of a queue without limits. BullMQ's functions move all other jobs, and of each call the first job and
  the last one of each retention: they write the metadata of a new queue, promote delayed jobs, trim events and old jobs.

  These lines repeat what BullMQ's do. They run only with the very scripts that they were compared with (isProven).
]]
local activeKey, waitKey, eventsKey, completedKey = base .. "active", base .. "wait", base .. "events", base .. "completed"

-- Returns whether the job is plain, then the code.
local function finishPlain(index, job)
  local fields, keep = job.fields, job.keep
  local isPlain = options.isProven and options.maxMetricsSize == "" and trimmed[eventsKey] and job.held == job.token
    and not job.haveChildren and fields[5] and not fields[1] and not fields[2] and not fields[3]
    and keep.count ~= 0 and keep.last ~= index
  if not isPlain then return false end
  doomed[#doomed + 1] = job.lock
  released[#released + 1] = job.id
  if call("LREM", activeKey, -1, job.id) < 1 then return true, -3 end
  local attempts = string.format("%d", (fields[4] or 0) + 1)
  call("HSET", job.key, "atm", attempts, "returnvalue", job.value, "finishedOn", timestamp)
  local scores = scored[completedKey]
  if not scores then
    scores = {}
    scored[completedKey] = scores
  end
  scores[#scores + 1], scores[#scores + 2] = timestamp, job.id
  call("XADD", eventsKey, "*", "event", "completed", "jobId", job.id, "returnvalue", job.value, "prev", "active")
  return true, 0
end

local function isUnlimited()
  local limits = call("HMGET", metaKey, "paused", "concurrency", "max", "duration")
  return not (options.limiter or limits[1] or limits[2] or limits[3])
end

local lockMs = string.format("%d", options.lockDuration)
local function prepare(id)
  local key = base .. id
  local list = call("HGETALL", key)
  local started, last = 0, #list
  for at = 1, last, 2 do
    local field = list[at]
    if field == "ats" then started = list[at + 1] end
  end
  started = string.format("%d", started + 1)
  list[last + 1], list[last + 2], list[last + 3], list[last + 4] = "processedOn", timestamp, "ats", started
  call("SET", key .. ":lock", takeToken, "PX", lockMs)
  call("XADD", eventsKey, "*", "event", "active", "jobId", id, "prev", "waiting")
  if options.name then
    list[last + 5], list[last + 6] = "pb", options.name
    call("HSET", key, "processedOn", timestamp, "ats", started, "pb", options.name)
  else
    call("HSET", key, "processedOn", timestamp, "ats", started)
  end
  return {list, id, 0, 0}
end

local mayTakePlain
-- The reply of BullMQ's moveToActive.
local function takeNext()
  if mayTakePlain == nil and #taken > 0 then mayTakePlain = options.isProven and isUnlimited() or false end
  if mayTakePlain and not empty[waitKey] then
    local id = call("RPOPLPUSH", waitKey, activeKey)
    -- Not one of the markers that BullMQ 4 left in the list.
    if id and string.sub(id, 1, 2) ~= "0:" then return prepare(id) end
    if id then call("LREM", activeKey, 1, id)
    else empty[waitKey] = true end
  end
  return takeByBullmq()
end

-- The reply of BullMQ's moveToFinished.
local function finishJob(index, job, isFetching)
  local isPlain, code = finishPlain(index, job)
  if not isPlain then
    know(job)
    return finishByBullmq(index, job, isFetching)
  end
  return code == 0 and isFetching and takeNext() or code
end
