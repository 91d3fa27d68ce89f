-- Undoes a batch that failed midway. Redis keeps what a script wrote before it failed, and workers must not see half a batch.

-- Removes BullMQ's events of jobs that undo has deleted.
local function restoreEvents(call, queue, count)
  local events, ids = queue.base .. "events", {}
  local entries = call("XREVRANGE", events, "+", "-", "COUNT", 8 * count)
  if entries.err then return end
  for _, entry in ipairs(entries) do
    for at = 1, #entry[2], 2 do
      if entry[2][at] == "jobId" and absent[queue.base .. entry[2][at + 1]] then ids[#ids + 1] = entry[1] end
    end
  end
  for first = 1, #ids, CHUNK do
    call("XDEL", events, unpack(ids, first, math.min(first + CHUNK - 1, #ids)))
  end
end

local function restorePointers(call, queue)
  for _, orderingKey in ipairs(queue.orderingKeys) do
    local before = queue.lastJobsBefore[orderingKey]
    if before then
      call("HSET", queue.last, orderingKey, before)
      call("RPUSH", queue.sweepList, orderingKey)
    else
      call("HDEL", queue.last, orderingKey)
    end
  end
end

-- Counters keep their values. Returns the error of Redis if it refuses a command of this too, else nil.
local function undo()
  local refused
  local function call(...)
    local reply = server.pcall(...)
    if type(reply) == "table" and reply.err then refused = reply.err end
    return reply
  end
  for list, count in pairs(pushed) do call("LTRIM", list, count, -1) end
  local counts = {}
  for number, key in ipairs(jobKeys) do
    if isNew[number] then absent[key] = true end
    if absent[key] then
      local job = jobAt(number)
      forget(call, job.queue, job.id, deduplicationKeyOf(job))
      counts[job.queue] = (counts[job.queue] or 0) + 1
    end
  end
  for _, key in ipairs(tied) do call("HDEL", key, "parentKey", "parent") end
  for queue, count in pairs(counts) do restoreEvents(call, queue, count) end
  if isRemembering then
    for _, queue in ipairs(queues) do restorePointers(call, queue) end
  end
  return refused
end
