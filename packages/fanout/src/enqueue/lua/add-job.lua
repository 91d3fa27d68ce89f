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
  if queue.fresh[id] then return false end
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

-- Keys of jobs that existed before the batch and got a parent in it.
local tied = {}

local function add(job)
  local queue, id, orderingKey, secondKey = job.queue, job.id, job.orderingKey, job.secondKey
  local base = queue.base
  local first, second = lastOf(queue, orderingKey), lastOf(queue, secondKey)
  if second == first then second = nil end
  local options = optionsOf(queue, id, job.own)
  local deduplicationKey = deduplicationKeyOf(job)
  -- A script that failed before it stored the job left this key. BullMQ would reject the job as a duplicate of itself.
  if deduplicationKey and rcall("GET", deduplicationKey) == id and rcall("EXISTS", base .. id) == 0 then
    rcall("DEL", deduplicationKey)
  end
  local args = {base, id, job.name, timestamp, [9] = deduplicationKey}
  local isParent = first or second
  local added = addBehind(queue, isParent, args, job.data, options)
  if not absent[base .. id] and isStranded(queue, id) then
    forget(rcall, queue, id, deduplicationKey)
    added = addBehind(queue, isParent, args, job.data, options)
  end
  -- BullMQ rejected the job as a duplicate. No later job waits for it.
  if added ~= id then return end
  -- The duplicate-id path of addStandardJob adopts an existing job as a child of the one just added.
  for _, predecessor in pairs({first, second}) do
    if not queue.fresh[predecessor] then tied[#tied + 1] = base .. predecessor end
    addReady(queue, {base, predecessor, "", timestamp, base .. id, base .. id .. ":dependencies",
      {id = id, queueKey = queue.key}}, "", queue.options)
  end
  queue.added = queue.added + 1
  queue.fresh[id] = true
  if orderingKey ~= "" then queue.lastJobs[orderingKey] = id end
  if secondKey ~= "" then queue.lastJobs[secondKey] = id end
end
