--[[
  After a command of a call failed: Redis keeps what the script wrote before. A completed job may be in no list, and the job
  that waits for it may wait for nothing. BullMQ's check for stalled jobs finds a job that is active without a lock. Its
  handler runs again, as after a crash.
]]
local LISTS, SETS = {"active", "wait", "paused"}, {"delayed", "prioritized", "completed", "failed"}
local function isListed(queue, id)
  for _, list in ipairs(LISTS) do
    if call("LPOS", queue .. list, id) then return true end
  end
  for _, set in ipairs(SETS) do
    -- A key of another type may be the cause of the failure.
    local isRead, score = pcall(call, "ZSCORE", queue .. set, id)
    if isRead and score then return true end
  end
  return false
end

-- Returns true for a job that is completed.
local function rescue(job)
  local isRead, score = pcall(call, "ZSCORE", base .. "completed", job.id)
  if isRead and score or call("EXISTS", job.key) == 0 then return true end
  if not isListed(base, job.id) then call("LPUSH", base .. "active", job.id) end
  local parent = call("HGET", job.key, "parent")
  if not parent then return false end
  parent = cjson.decode(parent)
  local queue = parent.queueKey .. ":"
  if call("EXISTS", queue .. parent.id) == 1 and not isListed(queue, parent.id) then
    call("SADD", queue .. parent.id .. ":dependencies", job.key)
    call("ZADD", queue .. "waiting-children", "NX", timestamp, parent.id)
  end
  return false
end
