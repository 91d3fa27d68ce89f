-- What BullMQ's scripts get in place of Redis and cmsgpack.
local call = redis.call
local base, takeToken = ARGV[1], ARGV[3]
local hasEvents = ARGV[12] == "1"
-- Key of the event stream that gets no entries. redis.call below leaves them out. The two events of each plain job ask
-- hasEvents, which costs less.
local silentKey = not hasEvents and base .. "events"

-- All jobs that a call takes have its token, so that they are found if its reply is lost.
local function set(key, value, ...)
  if string.sub(key, -5) == ":lock" then value = takeToken end
  return call("SET", key, value, ...)
end

local redis = {
  call = function(command, ...)
    if command == "SET" then return set(...) end
    if command == "XADD" and ... == silentKey then return end
    return call(command, ...)
  end,
}

-- BullMQ's scripts get options as tables without packing.
local cmsgpack = {unpack = function(table) return table end}

local bullmq = {}
