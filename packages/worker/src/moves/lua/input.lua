-- What a call is to do, and BullMQ's own functions for it.
local timestamp, wanted = ARGV[2], tonumber(ARGV[4])

local function orNil(text)
  if text ~= "" then return text end
end
local options = {lockDuration = tonumber(ARGV[5]), name = orNil(ARGV[6]), maxMetricsSize = ARGV[7], isProven = ARGV[10] == "1"}
if ARGV[8] ~= "" then options.limiter = {max = tonumber(ARGV[8]), duration = tonumber(ARGV[9])} end

local RETENTION_FIELDS = 3
local jobsAt = 12 + RETENTION_FIELDS * tonumber(ARGV[11])
local retentions = {}
for at = 12, jobsAt - 1, RETENTION_FIELDS do
  retentions[#retentions + 1] = {count = tonumber(ARGV[at]), age = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2])}
end

local FIELDS = 4
local finished = {}
for at = jobsAt, #ARGV, FIELDS do
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

local taken = {}

local finishKeys = {base .. "wait", base .. "active", base .. "prioritized", base .. "events", base .. "stalled",
  base .. "limiter", base .. "delayed", base .. "paused", base .. "meta", base .. "pc", base .. "completed", nil,
  base .. "metrics:completed", base .. "marker"}

-- Returns the reply of BullMQ's moveToFinished: a negative code, 0, or what moveToActive replies if it is to fetch a job.
local function finishByBullmq(index, job, isFetching)
  finishKeys[12] = job.key
  return bullmq.moveToFinished(finishKeys, {job.id, timestamp, "returnvalue", job.value, "completed",
    isFetching and "1" or "0", base, {token = job.token, keepJobs = keepOf(index, job.keep),
      lockDuration = options.lockDuration, limiter = options.limiter, name = options.name,
      maxMetricsSize = options.maxMetricsSize, attempts = 0}})
end

local function takeByBullmq()
  local keys = {base .. "wait", base .. "active", base .. "prioritized", base .. "events", base .. "stalled",
    base .. "limiter", base .. "delayed", base .. "paused", base .. "meta", base .. "pc", base .. "marker"}
  return bullmq.moveToActive(keys, {base, timestamp, {token = takeToken, lockDuration = options.lockDuration,
    limiter = options.limiter, name = options.name}})
end
