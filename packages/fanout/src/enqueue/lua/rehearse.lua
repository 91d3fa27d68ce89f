--[[
  BullMQ's scripts run the same commands for every plain job of a batch. So they run once as a rehearsal, which records
  their commands for a job of marks in place of its values. Each further job repeats the commands with its own values.

  A rehearsal reads nothing but what stays the same during the batch. Where a script wants to know or do more, there is no
  recording, and each job goes through BullMQ's scripts.
]]

-- Number of jobs of a queue in a batch from which on a rehearsal saves time (measured). BullMQ's scripts add the first job
-- themselves, so that they write the metadata that a new queue lacks.
local WORTH_A_REHEARSAL = 16

-- Made when a batch first needs it, as BullMQ's scripts are: what a batch of one change makes is a good part of its time.
local function makeRecorder()
  -- Marks of the values of a job, and of the job that it waits for. No mark is part of another.
  local MARKS = {id = "~walmq:id~", name = "~walmq:name~", data = "~walmq:data~", options = "~walmq:options~",
    predecessor = "~walmq:predecessor~"}
  local REPEATABLE = {INCR = true, HMSET = true, XADD = true, LPUSH = true, ZADD = true, SADD = true}
  local READABLE = {HGET = true, HMGET = true, LLEN = true}

  local UNREPEATABLE = {}

  local function marked(argument)
    return string.find(argument, "~walmq:", 1, true)
  end

  -- Returns the value that an argument stands for, and the text around it if the value is only a part. Nil for a constant.
  -- Ids may be a part of an argument: they need no escapes.
  local function valueIn(base, argument)
    if not marked(argument) then return nil end
    if argument == base .. MARKS.id then return "key" end
    for value, mark in pairs(MARKS) do
      if argument == mark then return value end
    end
    for _, value in ipairs({"id", "predecessor"}) do
      local first, last = string.find(argument, MARKS[value], 1, true)
      if first then
        local before, after = string.sub(argument, 1, first - 1), string.sub(argument, last + 1)
        if marked(before) or marked(after) then break end
        return value, before, after
      end
    end
    error(UNREPEATABLE)
  end

  -- A command as it is repeated. `slots`: the places of its arguments that differ, each followed by the name of the value.
  local function stepOf(recording, base, command, ...)
    local run, arguments = shortcuts[command], {...}
    if not run then
      run = server.call
      table.insert(arguments, 1, command)
    end
    local slots = {}
    for at, argument in ipairs(arguments) do
      local value, before, after = valueIn(base, tostring(argument))
      if before then
        local part = {name = #recording.parts + 1, value = value, before = before, after = after}
        recording.parts[part.name] = part
        value = part.name
      end
      if value then
        slots[#slots + 1] = at
        slots[#slots + 1] = value
      end
    end
    return {run = run, arguments = arguments, slots = slots}
  end

  -- Answers a command of a rehearsal: the marked job does not exist until it is stored, and the job that it waits for is
  -- one that this batch has added.
  local function rehearsalOf(base, recording)
    local isStored = false
    return function(command, key, ...)
      if command == "EXISTS" and key == base .. MARKS.predecessor then return 1 end
      if command == "EXISTS" and key == base .. MARKS.id then return isStored and 1 or 0 end
      if command == "HGET" and key == base .. MARKS.predecessor and ... == "parentKey" then return false end
      if command == "ZSCORE" and ... == MARKS.predecessor then return false end
      if READABLE[command] and not marked(key) then
        if shortcuts[command] then return shortcuts[command](key, ...) end
        return server.call(command, key, ...)
      end
      if command == "XADD" and isSilent[key] then return end
      if not REPEATABLE[command] then error(UNREPEATABLE) end
      recording.steps[#recording.steps + 1] = stepOf(recording, base, command, key, ...)
      if command == "HMSET" and key == base .. MARKS.id then isStored = true end
      return 1
    end
  end

  -- Returns the commands that `act` would run for these marks, or false.
  return function(base, act)
    local recording = {steps = {}, parts = {}}
    rehearse = rehearsalOf(base, recording)
    local isDone, failure = pcall(act, MARKS)
    rehearse = nil
    if not isDone and failure ~= UNREPEATABLE then error(failure) end
    return isDone and recording
  end
end

local unpack = unpack
local function repeatFor(recording, values)
  local steps, parts = recording.steps, recording.parts
  for at = 1, #parts do
    local part = parts[at]
    values[at] = part.before .. values[part.value] .. part.after
  end
  for at = 1, #steps do
    local step = steps[at]
    local arguments, slots = step.arguments, step.slots
    for slot = 1, #slots, 2 do arguments[slots[slot]] = values[slots[slot + 1]] end
    step.run(unpack(arguments))
  end
end
