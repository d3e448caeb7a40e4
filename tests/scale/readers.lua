-- Each key of FILE is asked for by READERS readers at once: the connections take the next request in turn, and a key's are
-- one after the other. Then writes a line of JSON about all answers to ANSWERS, and ends wrk. For one thread.
-- -- FILE READERS ANSWERS    The secret of the key in line N is `race N`.

local ffi = require("ffi")
ffi.cdef("int kill(int pid, int signal); int getpid(void);")
local kSigInt = 2
local kSpare = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

function init(args)
  keys = {}
  for key in io.lines(args[1]) do
    keys[#keys + 1] = key
  end
  readers = tonumber(args[2])
  answers = args[3]
  -- wrk takes one request to look at before it starts, and never sends it.
  sent = -1
  received = 0
  statuses = {}
  winners = {}
end

function request()
  sent = sent + 1
  local key = keys[math.floor((sent - 1) / readers) + 1]
  if sent == 0 or not key then
    return kSpare
  end
  return "GET /api/v1/secret/" .. key .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
end

local function report()
  local file = assert(io.open(answers, "w"))
  local parts = {}
  for status, count in pairs(statuses) do
    parts[#parts + 1] = string.format('"%d":%d', status, count)
  end
  local wins = {}
  for secret, count in pairs(winners) do
    wins[#wins + 1] = string.format('"%s":%d', secret, count)
  end
  file:write('{"statuses":{', table.concat(parts, ","), '},"winners":{', table.concat(wins, ","), "}}\n")
  file:close()
end

function response(status, headers, body)
  if body == "ok" or body == '{"status":"ok"}' then
    return
  end
  statuses[status] = (statuses[status] or 0) + 1
  received = received + 1
  if status == 200 then
    local secret = body:match('"secret": ?"race (%d+)"') or body
    winners[secret] = (winners[secret] or 0) + 1
  end
  if received == #keys * readers then
    report()
    wrk.thread:stop()
    ffi.C.kill(ffi.C.getpid(), kSigInt)
  end
end
