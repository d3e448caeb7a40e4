-- Creates COUNT secrets and writes the key of each acknowledged one to FILE, a line of 37 bytes each, then ends wrk.
-- For one thread.   -- FILE COUNT

dofile("create.lua")
local ffi = require("ffi")
ffi.cdef("int kill(int pid, int signal); int getpid(void);")
local kSigInt = 2

function init(args)
  file = assert(io.open(args[1], "ab"))
  wanted = tonumber(args[2])
  created = 0
end

function response(status, headers, body)
  local key = status == 200 and body:match('"secret_key": ?"([%x-]+)"')
  if not key or #key ~= 36 or created == wanted then
    return
  end
  file:write(key, "\n")
  created = created + 1
  if created == wanted then
    file:close()
    wrk.thread:stop()
    -- The main thread of wrk sleeps until the time given is over or this arrives.
    ffi.C.kill(ffi.C.getpid(), kSigInt)
  end
end
