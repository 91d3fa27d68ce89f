--[[
  Completes jobs, and takes jobs for the places that are free then. Each job is moved by BullMQ's own script.

  Input:
    KEYS[1] wait key (for the cluster's routing)

    ARGV[1] key prefix of the queue ('bull:orders:')
    ARGV[2] timestamp, milliseconds since 1970
    ARGV[3] lock token of the jobs that the call takes
    ARGV[4] number of jobs to take
    ARGV[5] options of the worker, JSON: lockDuration; limiter, name and maxMetricsSize if it has them; isProven if
            plain.lua does what the installed BullMQ does
    ARGV[6] number of retentions

    then each retention: BullMQ's keepJobs, JSON

    then for each job to complete:
      [1] id
      [2] lock token
      [3] return value, JSON
      [4] retention, from 1

  Output:
    [1] for each completed job: 0, a negative code of BullMQ's moveToFinished, or the text of an error
    [2] the jobs taken, each {HGETALL, id}
    [3] milliseconds until the rate limit ends, or 0
    [4] time of the next delayed job, or 0. Only if a place stayed free.
]]

--- @include "view"

--- @bullmq "moveToFinished-14"
--- @bullmq "moveToActive-11"

local timestamp, wanted = ARGV[2], tonumber(ARGV[4])
local options = cjson.decode(ARGV[5])
local retentions = {}
for index = 1, tonumber(ARGV[6]) do retentions[index] = cjson.decode(ARGV[6 + index]) end

local FIELDS = 4
local finished = {}
for at = 7 + #retentions, #ARGV, FIELDS do
  local retention = retentions[tonumber(ARGV[at + 3])]
  finished[#finished + 1] = {id = ARGV[at], key = base .. ARGV[at], token = ARGV[at + 1], value = ARGV[at + 2],
    keep = retention}
  -- Completed jobs are trimmed once per call: by the last job of each retention.
  retention.last = #finished
end

local KEEP_ALL = {count = -1}
local function keepOf(index, retention)
  if retention.count == 0 or retention.last == index then return retention end
  return KEEP_ALL
end

local taken, rateLimitMs, nextDelayed = {}, 0, 0
-- True after a try that found no job. A completed job may release another one.
local isDry = false
local function take(reply)
  local isJob = type(reply) == "table" and type(reply[1]) == "table"
  isDry = not isJob
  if isJob then
    taken[#taken + 1] = {reply[1], reply[2]}
  elseif type(reply) == "table" then
    rateLimitMs, nextDelayed = reply[3], reply[4]
  end
end

local finishKeys = {base .. "wait", base .. "active", base .. "prioritized", base .. "events", base .. "stalled",
  base .. "limiter", base .. "delayed", base .. "paused", base .. "meta", base .. "pc", base .. "completed", nil,
  base .. "metrics:completed", base .. "marker"}

--- @include "plain"

local function finish(index, job)
  local isFetching = #taken < wanted
  local isPlain, code = finishPlain(index, job)
  if isPlain then
    if isFetching and code == 0 then take(takeNext()) end
    return code
  end
  know(job)
  finishKeys[12] = job.key
  local reply = bullmq.moveToFinished(finishKeys, {job.id, timestamp, "returnvalue", job.value, "completed",
    isFetching and "1" or "0", base, {token = job.token, keepJobs = keepOf(index, job.keep),
      lockDuration = options.lockDuration, limiter = options.limiter, name = options.name,
      maxMetricsSize = options.maxMetricsSize or "", attempts = 0}})
  if type(reply) == "number" and reply < 0 then return reply end
  if isFetching then take(reply) end
  return 0
end

local codes, failures, firstFailure = {}, 0, nil
readFinished(finished)
for index, job in ipairs(finished) do
  local isDone, reply = pcall(finish, index, job)
  if not isDone then
    failures = failures + 1
    firstFailure = firstFailure or reply
    reply = type(reply) == "table" and reply.err or tostring(reply)
  end
  codes[index] = reply
end
-- Redis refuses every command (a demoted server, a missing right): an error of the call.
if failures > 0 and failures == #finished then
  finishView()
  return type(firstFailure) == "table" and firstFailure or {err = tostring(firstFailure)}
end

while #taken < wanted and not isDry do take(takeNext()) end

finishView()
return {codes, taken, rateLimitMs, nextDelayed}
