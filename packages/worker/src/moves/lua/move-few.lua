--[[
  Does for a few jobs what move.lua does, with its input and its output: without the view and without lines of our own for
  plain jobs, whose functions Lua makes anew at each call.
]]
--- @include "direct"

--- @bullmq "moveToFinished-14"
--- @bullmq "moveToActive-11"

--- @include "input"

local finishJob, takeNext = finishByBullmq, takeByBullmq
local function readFinished() end
local function finishView() end

--- @include "rescue"
--- @include "jobs"
