-- Adds a job with BullMQ's own scripts: ready for workers, or as the parent of the jobs that it waits for.

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

-- Returns true for a job that is in no list or set of its queue, so that no worker can find it. Such a job is left by a
-- script that failed midway and could not undo its writes.
local function isStranded(queue, id)
  local base = queue.base
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

-- Deletes a job that no worker has seen, from all keys but the lists.
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

local function idOf(job)
  return type(job) == "number" and ARGV[partsAt(job) + 1] or job
end

local function jobAt(number)
  local parts, extra = partsAt(number), extras[number] or NO_EXTRA
  return {queue = queueAt[ARGV[parts]], id = ARGV[parts + 1], key = jobKeys[number], name = ARGV[parts + 2],
    data = ARGV[parts + 3], own = extra.own}
end

-- The duplicate-id path of addStandardJob adopts an existing job as a child of the one just added.
local function tie(queue, predecessor, id)
  local key = queue.base .. id
  addReady(queue, {queue.base, predecessor, "", timestamp, key, key .. ":dependencies",
    {id = id, queueKey = queue.key}}, "", queue.options)
end

-- A change that moves its row waits for the last jobs of both keys. Its job says which job is of which key: hold.lua has to
-- find the first job of one of them. An earlier run of the same batch knew no less: it failed before or after it had stored the
-- pointers, and after that this job has them.
local function rememberKeys(key, orderingKey, first, secondKey, second)
  rcall("HSETNX", key, "walmq:keys",
    encodeJson({orderingKey, first and idOf(first) or "", secondKey, second and idOf(second) or ""}))
end

-- Keys of jobs that existed before the batch and got a parent in it. Keys of jobs that existed and are in their lists.
local tied, isPlaced = {}, {}

-- Returns true if BullMQ took the job, false if it rejected the job as a duplicate.
local function addByBullmq(job, first, second)
  local queue, id, key = job.queue, job.id, job.key
  local options = optionsOf(queue, id, job.own)
  local deduplicationKey = deduplicationKeyOf(job)
  -- A script that failed before it stored the job left this key. BullMQ would reject the job as a duplicate of itself.
  if deduplicationKey and rcall("GET", deduplicationKey) == id and rcall("EXISTS", key) == 0 then
    rcall("DEL", deduplicationKey)
  end
  local args = {queue.base, id, job.name, timestamp, [9] = deduplicationKey}
  local isParent = first or second
  local added = addBehind(queue, isParent, args, job.data, options)
  if not absent[key] and not isPlaced[key] and isStranded(queue, id) then
    forget(rcall, queue, id, deduplicationKey)
    added = addBehind(queue, isParent, args, job.data, options)
  end
  isPlaced[key] = true
  if added ~= id then return false end
  for _, predecessor in pairs({first, second}) do
    if type(predecessor) == "string" then tied[#tied + 1] = queue.base .. predecessor end
    tie(queue, idOf(predecessor), id)
  end
  return true
end

local record
local function recordPlain(queue, isBehind)
  record = record or makeRecorder()
  return record(queue.base, function(marks)
    local options = queue.options
    options.jobId, optionsJson[options] = marks.id, marks.options
    addBehind(queue, isBehind, {queue.base, marks.id, marks.name, timestamp}, marks.data, options)
    if isBehind then tie(queue, marks.predecessor, marks.id) end
  end)
end

local values = {}

-- Adds a job that BullMQ would add as it added another one before it. Returns false if that is not known.
local function addAsRehearsed(queue, number, parts, predecessor)
  if queue.count < WORTH_A_REHEARSAL or queue.added == 0 or not isNew[number] then return false end
  if type(predecessor) == "string" then return false end
  local kind = predecessor and "behind" or "ready"
  if queue[kind] == nil then queue[kind] = recordPlain(queue, predecessor ~= nil) end
  if not queue[kind] then return false end
  local id = ARGV[parts + 1]
  values.id, values.key, values.name, values.data = id, jobKeys[number], ARGV[parts + 2], ARGV[parts + 3]
  values.options, values.predecessor = queue.json .. ',"jobId":"' .. id .. '"}', predecessor and idOf(predecessor)
  repeatFor(queue[kind], values)
  return true
end

local function add(number)
  local parts, extra = partsAt(number), extras[number]
  local queue, orderingKey = queueAt[ARGV[parts]], ARGV[parts + 4]
  writing = jobKeys[number]
  local ofFirst, ofSecond = lastOf(queue, orderingKey), extra and lastOf(queue, extra.secondKey)
  local first, second = ofFirst, ofSecond
  if second == first then second = nil end
  if not first then first, second = second, nil end
  local isTaken = not extra and addAsRehearsed(queue, number, parts, first) or addByBullmq(jobAt(number), first, second)
  -- No later job waits for a duplicate.
  if not isTaken then return end
  if first and extra and extra.secondKey ~= "" then
    rememberKeys(jobKeys[number], orderingKey, ofFirst, extra.secondKey, ofSecond)
  end
  if type(first) == "number" then parents[first] = number end
  if type(second) == "number" then parents[second] = number end
  queue.added = queue.added + 1
  isAdded[number] = true
  if orderingKey ~= "" then queue.lastJobs[orderingKey] = number end
  if extra and extra.secondKey ~= "" then queue.lastJobs[extra.secondKey] = number end
end
