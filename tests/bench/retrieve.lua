-- GET of each key once. The threads take turns, so that the keys used are the first of the file.
-- -- FILE FIRST COUNT THREADS    COUNT keys of 37 bytes from number FIRST on

dofile("summary.lua")

local kLine = 37
local kSpare = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

function init(args)
  local file = assert(io.open(args[1], "rb"))
  file:seek("set", kLine * tonumber(args[2]))
  keys = file:read(kLine * tonumber(args[3]))
  file:close()
  step = kLine * tonumber(args[4])
  next_key = kLine * number
  sent_most = 0
  exhausted = 0
end

function request()
  if next_key >= #keys then
    exhausted = exhausted + 1
    return kSpare
  end
  local key = keys:sub(next_key + 1, next_key + kLine - 1)
  next_key = next_key + step
  sent_most = sent_most + 1
  return "GET /api/v1/secret/" .. key .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
end
