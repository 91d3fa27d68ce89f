-- Completes the jobs of a call, then takes others.
local rateLimitMs, nextDelayed = 0, 0
-- True after a try that found no job. A completed job may release another one.
local isDry = false
local function take(reply)
  local isJob = type(reply) == "table" and type(reply[1]) == "table"
  isDry = not isJob
  if isJob then
    taken[#taken + 1] = {table.concat(reply[1], "\0"), reply[2], #reply[1]}
  elseif type(reply) == "table" then
    rateLimitMs, nextDelayed = reply[3], reply[4]
  end
end

local function finish(index, job)
  local isFetching = #taken < wanted
  local reply = finishJob(index, job, isFetching)
  if type(reply) == "number" and reply < 0 then return reply end
  if isFetching then take(reply) end
  return 0
end

local codes, failures, firstFailure = {}, 0, nil
local function failed(failure)
  firstFailure = firstFailure or failure
  return type(failure) == "table" and failure.err or tostring(failure)
end

readQueue()
readFinished()
for index, job in ipairs(finished) do
  local isDone, reply = pcall(finish, index, job)
  if not isDone then
    failures = failures + 1
    reply = failed(reply)
  end
  codes[index] = reply
end
if failures == 0 or failures < #finished then
  local isDone, failure = pcall(function()
    reportDrained()
    if isUnlimited and spare > 0 and not most then readWaiting() end
    while #taken < (most or wanted) and not isDry do take(takeNext()) end
  end)
  -- The jobs that were moved before are reported, and the next call meets the failure.
  if not isDone then failed(failure) end
end
local isFinished, failure = pcall(settle)
if not isFinished then failed(failure) end

if firstFailure then
  local hasMoved = #taken > 0
  for index, job in ipairs(finished) do
    -- BullMQ refused those with a negative code before it wrote anything.
    if codes[index] == 0 or type(codes[index]) == "string" then
      -- If only the job that was to follow it could not be taken, it is completed.
      if rescue(job) then codes[index] = 0
      elseif codes[index] == 0 then codes[index] = failed(firstFailure) end
    end
    hasMoved = hasMoved or type(codes[index]) == "number"
  end
  -- Redis refuses every command (a demoted server, a missing right): an error of the call.
  if not hasMoved then return type(firstFailure) == "table" and firstFailure or {err = tostring(firstFailure)} end
end
return {codes, taken, rateLimitMs, nextDelayed}
