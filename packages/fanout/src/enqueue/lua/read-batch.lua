-- Reads the arguments, so that a batch that cannot be read fails before the first write.

local queues = {}
local function readQueues()
  for index = 1, queueCount do
    local base, json = ARGV[4 + 2 * index], ARGV[5 + 2 * index]
    writing = base
    queues[index] = {
      base = base,
      key = string.sub(base, 1, -2),
      json = string.sub(json, 1, -2),
      options = decodeJson(json),
      last = base .. "walmq:last",
      -- The sweep list. Its key keeps the name that it has in the Redis of existing installations.
      sweepList = base .. "walmq:ring",
      completed = base .. "completed",
      -- All ids of the batch's jobs; the number of jobs added so far, and their ids.
      ids = {}, added = 0, fresh = {},
      -- The batch's ordering keys; the last job of each (false: none), now and before the batch; the keys that Redis
      -- does not hold yet.
      orderingKeys = {}, lastJobs = {}, lastJobsBefore = {}, newKeys = {},
    }
  end
end

local jobs = {}
local function readJobs()
  for at = firstJob, #ARGV, FIELDS do
    local queue, id, own = queues[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 6]
    writing = queue.base .. id
    queue.ids[id] = true
    jobs[#jobs + 1] = {queue = queue, id = id, name = ARGV[at + 2], data = ARGV[at + 3],
      orderingKey = ARGV[at + 4], secondKey = ARGV[at + 5], own = own ~= "" and decodeJson(own) or nil}
  end
end

local function readOrderingKeys()
  for _, job in ipairs(jobs) do
    local queue = job.queue
    for _, orderingKey in ipairs({job.orderingKey, job.secondKey}) do
      if orderingKey ~= "" and queue.lastJobs[orderingKey] == nil then
        queue.lastJobs[orderingKey] = false
        queue.orderingKeys[#queue.orderingKeys + 1] = orderingKey
      end
    end
  end
end
