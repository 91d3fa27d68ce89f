-- Finds the job that a new job has to wait for: the unfinished last job of its ordering key. A job of the batch is its
-- number, any other job its id.

local function readLastJobs(queue)
  local keys = queue.orderingKeys
  writing = queue.last
  for first = 1, #keys, CHUNK do
    local last = math.min(first + CHUNK - 1, #keys)
    for offset, id in ipairs(rcall("HMGET", queue.last, unpack(keys, first, last))) do
      local orderingKey = keys[first + offset - 1]
      -- A job of this batch is no predecessor: an earlier run of the same batch failed after it had stored the pointer.
      if id and not numberOf(queue, id) then
        queue.lastJobs[orderingKey] = id
        queue.lastJobsBefore[orderingKey] = id
      else
        queue.newKeys[#queue.newKeys + 1] = orderingKey
      end
    end
  end
end

local function isPending(queue, id)
  return rcall("EXISTS", queue.base .. id) == 1 and not rcall("ZSCORE", queue.completed, id)
end

-- A key that has no unfinished job under its own name takes the last job that an older version stored under another name.
local function readFormerKeys()
  for at = firstFormer, afterFormer - 1, 3 do
    local queue, orderingKey = queueAt[ARGV[at]], ARGV[at + 1]
    local known = queue.lastJobs[orderingKey]
    local last = not (known and isPending(queue, known)) and rcall("HGET", queue.last, ARGV[at + 2])
    if last then queue.lastJobs[orderingKey] = last end
  end
end

local function parentOf(queue, job)
  if type(job) == "number" then return parents[job] end
  local parentKey = rcall("HGET", queue.base .. job, "parentKey")
  if not parentKey or rcall("EXISTS", parentKey) == 0 then return nil end
  local id = string.sub(parentKey, #queue.base + 1)
  local number = numberOf(queue, id)
  -- An earlier run of this batch failed after it had tied this parent. The batch adds the parent later.
  if number and not isAdded[number] then return nil end
  return number or id
end

-- A job can have one parent. If a change that moved its row between two keys has already tied these keys together, a new
-- job waits for the last job of that chain.
local function endOfChain(queue, job)
  local parent = parentOf(queue, job)
  while parent do
    job, parent = parent, parentOf(queue, parent)
  end
  return job
end

-- Returns the unfinished last job of an ordering key, or nil.
local function lastOf(queue, orderingKey)
  local last = orderingKey ~= "" and queue.lastJobs[orderingKey]
  if last and (type(last) == "number" or isPending(queue, last)) then return endOfChain(queue, last) end
  return nil
end
