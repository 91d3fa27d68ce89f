-- What a call is to do, and BullMQ's own functions for it.
local timestamp, wanted, spare = ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])

local function orNil(text)
  if text ~= "" then return text end
end
local options = {lockDuration = ARGV[6], name = orNil(ARGV[7]), maxMetricsSize = ARGV[8], isProven = ARGV[11] == "1"}
if ARGV[9] ~= "" then options.limiter = {max = tonumber(ARGV[9]), duration = tonumber(ARGV[10])} end

local RETENTION_FIELDS = 3
local jobsAt = 14 + RETENTION_FIELDS * tonumber(ARGV[13])
local retentions = {}
for at = 14, jobsAt - 1, RETENTION_FIELDS do
  retentions[#retentions + 1] = {count = tonumber(ARGV[at]), age = tonumber(ARGV[at + 1]), limit = tonumber(ARGV[at + 2])}
end

local FIELDS = 5
local finished = {}
for at = jobsAt, #ARGV, FIELDS do
  local retention = retentions[tonumber(ARGV[at + 3])]
  local id = ARGV[at]
  finished[#finished + 1] = {id = id, key = base .. id, token = ARGV[at + 1], value = ARGV[at + 2], keep = retention,
    attempts = ARGV[at + 4]}
  -- Completed jobs are trimmed once per call: by the last job of each retention.
  retention.last = #finished
end

local KEEP_ALL = {count = -1}
local function keepOf(index, retention)
  if retention.count == 0 or retention.last == index then return retention end
  return KEEP_ALL
end

local taken = {}

-- Returns the reply of BullMQ's moveToFinished: a negative code, 0, or what moveToActive replies if it is to fetch a job.
local function finishByBullmq(index, job, isFetching)
  local keys = {base .. "wait", base .. "active", base .. "prioritized", base .. "events", base .. "stalled",
    base .. "limiter", base .. "delayed", base .. "paused", base .. "meta", base .. "pc", base .. "completed", job.key,
    base .. "metrics:completed", base .. "marker"}
  return bullmq.moveToFinished(keys, {job.id, timestamp, "returnvalue", job.value, "completed",
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
