--[[
  Enqueues a batch: adds its jobs, in order per ordering key, and moves the checkpoint. All of it or nothing.

  Input:
    KEYS[1] checkpoint (hash; fields position and transaction)

    ARGV[1] position that the batch follows
    ARGV[2] position of the batch's end
    ARGV[3] the last transaction at or before the end, or ''
    ARGV[4] timestamp of the jobs, milliseconds since 1970
    ARGV[5] number of queues

    then for each queue:
      [1] key prefix ('bull:orders:')
      [2] job options, JSON
      [3] 1 if BullMQ's events are to be written, or ''

    then the number of ordering keys that have a former name, and for each:
      [1] queue, from 1
      [2] ordering key
      [3] former name

    then the number of jobs that have a second ordering key or options of their own, and for each:
      [1] the job, from 1
      [2] second ordering key, or ''
      [3] options, JSON, or ''

    then for each job:
      [1] queue, from 1
      [2] id
      [3] name
      [4] data
      [5] ordering key, or ''

  Output:
    {1}                           the batch is enqueued
    {0, position}                 the checkpoint is at another position: nothing was written
    {2, error, key, undo error}   failed while writing this key. The batch is undone, unless undo error is not ''
]]

--- @include "batch-view"

--- @bullmq "addStandardJob-9"
--- @bullmq "addDelayedJob-6"
--- @bullmq "addPrioritizedJob-9"
--- @bullmq "addParentJob-6"

local rcall, ARGV = server.call, ARGV
local checkpointKey, follows, ends, transaction, timestamp = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local queueCount = tonumber(ARGV[5])
local FIELDS = 5
local firstFormer = 7 + 3 * queueCount
local afterFormer = firstFormer + 3 * tonumber(ARGV[firstFormer - 1])
local firstExtra = afterFormer + 1
local firstJob = firstExtra + 3 * tonumber(ARGV[afterFormer])
local jobCount = (#ARGV - firstJob + 1) / FIELDS

--- @include "rehearse"
--- @include "read-batch"
--- @include "find-predecessors"
--- @include "add-job"
--- @include "remember-last-jobs"
--- @include "undo"

-- Writes the checkpoint last: it stands for all writes before it.
local function enqueue()
  readQueues()
  readExtras()
  readJobs()
  readAbsence()
  for _, queue in ipairs(queues) do readLastJobs(queue) end
  readFormerKeys()
  for number = 1, jobCount do add(number) end
  finishView()
  for _, queue in ipairs(queues) do remember(queue) end
  for _, queue in ipairs(queues) do sweep(queue) end
  writing = checkpointKey
  rcall("HSET", checkpointKey, "position", ends, "transaction", transaction)
end

-- Compare and set. This check fences off a second or a stalled capture, resolves lost replies and makes two batches in
-- flight safe.
local position = rcall("HGET", checkpointKey, "position")
if position ~= follows then return {0, position or ""} end

local isDone, failure = pcall(enqueue)
if isDone then return {1} end
return {2, type(failure) == "table" and failure.err or tostring(failure), writing, undo() or ""}
