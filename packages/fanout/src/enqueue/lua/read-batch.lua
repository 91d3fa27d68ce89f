-- Reads the arguments, so that a batch that cannot be read fails before the first write.

-- In their order, and by the number in the arguments, which is text.
local queues, queueAt = {}, {}
local function readQueues()
  for index = 1, queueCount do
    local base, json = ARGV[3 + 3 * index], ARGV[4 + 3 * index]
    writing = base
    isSilent[base .. "events"] = ARGV[5 + 3 * index] == "" or nil
    queues[index] = {
      base = base,
      key = string.sub(base, 1, -2),
      json = string.sub(json, 1, -2),
      options = decodeJson(json),
      last = base .. "walmq:last",
      -- The sweep list. Its key keeps the name that it has in the Redis of existing installations.
      sweepList = base .. "walmq:ring",
      completed = base .. "completed",
      -- Number of the batch's jobs for this queue, and of those added so far.
      count = 0, added = 0,
      -- The batch's ordering keys; the last job of each, now and before the batch (the number of a job of the batch, the
      -- id of another job, or false: none); the keys that Redis does not hold yet.
      orderingKeys = {}, lastJobs = {}, lastJobsBefore = {}, newKeys = {},
    }
    queueAt[tostring(index)] = queues[index]
  end
end

--[[
  A job is known by its number in the batch, and its parts stay in the arguments. A table for each job would cost as much
  as one of its commands. So would a table by id: Lua hashes every second character of an id, so that ten ids in a row, and
  often more, share a hash.
]]
local function partsAt(number)
  return firstJob + FIELDS * (number - 1)
end

-- By number, for the jobs of the batch: key; whether the job has been added; number of the job that waits for it.
local jobKeys, isAdded, parents = {}, {}, {}

-- Second ordering keys and options of the few jobs that have some, by number.
local extras, NO_EXTRA = {}, {secondKey = ""}
local function readExtras()
  for at = firstExtra, firstJob - 1, 3 do
    local number, own = ARGV[at] + 0, ARGV[at + 2]
    local parts = partsAt(number)
    writing = queueAt[ARGV[parts]].base .. ARGV[parts + 1]
    extras[number] = {secondKey = ARGV[at + 1], own = own ~= "" and decodeJson(own) or nil}
  end
end

local function readOrderingKey(queue, orderingKey)
  if orderingKey == "" or queue.lastJobs[orderingKey] ~= nil then return end
  queue.lastJobs[orderingKey] = false
  queue.orderingKeys[#queue.orderingKeys + 1] = orderingKey
end

local function readJobs()
  for number = 1, jobCount do
    local parts = partsAt(number)
    local queue = queueAt[ARGV[parts]]
    jobKeys[number] = queue.base .. ARGV[parts + 1]
    queue.count = queue.count + 1
    readOrderingKey(queue, ARGV[parts + 4])
    if extras[number] then readOrderingKey(queue, extras[number].secondKey) end
  end
end

-- Numbers of the jobs by key. Few batches need this table.
local numbers
local function numberOf(queue, id)
  if not numbers then
    numbers = {}
    for number, key in ipairs(jobKeys) do numbers[key] = number end
  end
  return numbers[queue.base .. id]
end

-- By number: jobs that did not exist before the batch. Asks once for all jobs. If one exists, BullMQ's scripts ask for each.
local isNew = {}
local function readAbsence()
  if jobCount < WORTH_A_REHEARSAL then return end
  for first = 1, jobCount, CHUNK do
    local last = math.min(first + CHUNK - 1, jobCount)
    if rcall("EXISTS", unpack(jobKeys, first, last)) == 0 then
      for number = first, last do isNew[number] = true end
    end
  end
end
