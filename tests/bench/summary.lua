-- What every load has in common: one line of JSON about the run, after wrk's own report. Alone it is a plain GET.
-- Scripts count in globals of their threads; the sums of those named here are in the line.

local kCounters = {"created", "retrieved", "sent_most", "exhausted"}
local threads = {}

function setup(thread)
  thread:set("number", #threads)
  threads[#threads + 1] = thread
end

local function counters()
  local text = ""
  for _, name in ipairs(kCounters) do
    local sum = 0
    for _, thread in ipairs(threads) do
      local value = thread:get(name) or 0
      sum = name == "sent_most" and math.max(sum, value) or sum + value
    end
    text = text .. string.format(',"%s":%d', name, sum)
  end
  return text
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\nSUMMARY {"requests":%d,"seconds":%.6f,"p50_ms":%.3f,"p99_ms":%.3f,"not_2xx":%d,' ..
                         '"connect_errors":%d,"read_errors":%d,"write_errors":%d,"timeouts":%d%s}\n',
                         summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
                         latency:percentile(99) / 1e3, errors.status, errors.connect, errors.read, errors.write,
                         errors.timeout, counters()))
end
