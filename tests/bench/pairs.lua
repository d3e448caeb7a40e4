-- Creates a secret, then retrieves it, and so on. wrk does not tell its scripts about connections, so a key is
-- retrieved on the connection of the thread that is free next.

dofile("create.lua")

local waiting = {}
local first, last = 1, 0

function init(args)
  create = wrk.format()
  created = 0
  retrieved = 0
end

function request()
  if first > last then
    return create
  end
  local key = waiting[first]
  waiting[first] = nil
  first = first + 1
  return "GET /api/v1/secret/" .. key .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
end

function response(status, headers, body)
  if status ~= 200 then
    return
  end
  local key = body:match('"secret_key": ?"([%x-]+)"')
  if key then
    last = last + 1
    waiting[last] = key
    created = created + 1
  else
    retrieved = retrieved + 1
  end
end
