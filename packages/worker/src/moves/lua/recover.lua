--[[
  Finds what a call of move.lua did whose reply was lost with the connection.

  Input:
    KEYS[1] wait key (for the cluster's routing)

    ARGV[1] key prefix of the queue
    ARGV[2] lock token of the jobs that the call took
    then the ids of the jobs that the call was to complete

  Output:
    [1] the jobs that hold the token, as move.lua returns jobs
    [2] for each job to complete: 1 if it is completed or removed, else 0
]]
local base, token = ARGV[1], ARGV[2]
local CHUNK = 1000

local taken = {}
local active = redis.call("LRANGE", base .. "active", 0, -1)
for first = 1, #active, CHUNK do
  local locks = {}
  for at = first, math.min(first + CHUNK - 1, #active) do locks[#locks + 1] = base .. active[at] .. ":lock" end
  for offset, held in ipairs(redis.call("MGET", unpack(locks))) do
    local id = active[first + offset - 1]
    if held == token then
      local fields = redis.call("HGETALL", base .. id)
      taken[#taken + 1] = {table.concat(fields, "\0"), id, #fields}
    end
  end
end

local ended = {}
for at = 3, #ARGV do
  local key = base .. ARGV[at]
  local isEnded = redis.call("EXISTS", key) == 0 or redis.call("ZSCORE", base .. "completed", ARGV[at])
  ended[#ended + 1] = isEnded and 1 or 0
end
return {taken, ended}
