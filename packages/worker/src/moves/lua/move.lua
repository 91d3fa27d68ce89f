--[[
  Completes jobs, and takes jobs for the places that are free then.

  Input:
    KEYS[1] wait key (for the cluster's routing)

    ARGV[1] key prefix of the queue ('bull:orders:')
    ARGV[2] timestamp, milliseconds since 1970
    ARGV[3] lock token of the jobs that the call takes
    ARGV[4] number of jobs to take
    ARGV[5] number of jobs to take beyond that, if the wait list has enough of them for other workers too
    ARGV[6] lock duration of the worker, milliseconds
    ARGV[7] its name, or ''
    ARGV[8] its maxMetricsSize, or ''
    ARGV[9] jobs of its rate limit, or ''
    ARGV[10] milliseconds of its rate limit, or ''
    ARGV[11] 1 if plain.lua does what the installed BullMQ does
    ARGV[12] 1 if BullMQ's events are to be written, or ''
    ARGV[13] number of retentions

    then each retention, BullMQ's keepJobs:
      [1] count, or ''
      [2] age in seconds, or ''
      [3] limit, or ''

    then for each job to complete:
      [1] id
      [2] lock token
      [3] return value, JSON
      [4] retention, from 1
      [5] attempts made with this one; '' for a job with de-duplication

  Output:
    [1] for each completed job: 0, a negative code of BullMQ's moveToFinished, or the text of an error
    [2] the jobs taken, each {the fields and values of HGETALL joined by NUL, id, number of fields and values}: a reply of
        one text costs worker and Redis less than one of thirty
    [3] milliseconds until the rate limit ends, or 0
    [4] time of the next delayed job, or 0. Only if a place stayed free.
]]

--- @include "direct"

--- @bullmq "moveToFinished-14"
--- @bullmq "moveToActive-11"

--- @include "input"

-- Lua looks for each local that a new function uses among all of them that others use: few of them at a time save a tenth of
-- a call of one job.
local function run()
--- @include "plain"
--- @include "rescue"
local function moveAll()
--- @include "jobs"
end
return moveAll()
end
return run()
