#include "store/redis/redis_scripts.h"

#include <openssl/evp.h>

#include <array>

#include "base/bytes.h"

namespace disposable {

namespace {

constexpr std::string_view kOpen = R"lua(
local held = redis.call('HMGET', KEYS[1], 'format', 'check', 'agreed')
if not held[1] then
  if redis.call('EXISTS', KEYS[2], KEYS[3]) > 0 then return {} end
  redis.call('HSET', KEYS[1], 'format', ARGV[1], 'check', ARGV[2], 'position', 0, 'live', 0, 'bytes', 0)
  held = {ARGV[1], ARGV[2], false}
end
if not held[3] and held[1] == ARGV[1] and held[2] == ARGV[2] and ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'agreed', ARGV[3])
  held[3] = ARGV[3]
end
return held
)lua";

constexpr std::string_view kInsert = R"lua(
local found = redis.call('HMGET', KEYS[1], 'v', 't')
if found[1] then
  if found[1] ~= '1' or found[2] ~= ARGV[2] then return 'EXISTS' end
  redis.call('HSET', KEYS[1], 't', ARGV[2])
  return 'OK'
end
local meta = redis.call('HMGET', KEYS[4], 'format', 'bytes')
if not meta[1] then return 'GONE' end
if meta[1] ~= '1' then return 'MOVED' end
if redis.call('XLEN', KEYS[3]) >= tonumber(ARGV[6]) then return 'OUTBOX' end
local size = #ARGV[5]
if tonumber(meta[2]) + size > tonumber(ARGV[7]) then return 'FULL' end
append_events(9)
redis.call('HSET', KEYS[1], 'v', '1', 'r', ARGV[3], 'd', ARGV[4], 't', ARGV[2], 'p', ARGV[5], 'n', size)
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('HINCRBY', KEYS[4], 'bytes', size)
redis.call('HINCRBY', KEYS[4], 'live', ARGV[8])
return 'OK'
)lua";

constexpr std::string_view kReplace = R"lua(
local found = redis.call('HMGET', KEYS[1], 'v', 't', 'n', 'c')
if found[1] ~= ARGV[5] then
  local mine = found[4] == ARGV[2] and 'c' or found[1] == ARGV[6] and found[2] == ARGV[2] and 't'
  if not mine then return 'CONFLICT' end
  redis.call('HSET', KEYS[1], mine, ARGV[2])
  return 'OK'
end
if redis.call('HGET', KEYS[4], 'format') ~= '1' then return 'MOVED' end
if ARGV[10] and redis.call('XLEN', KEYS[3]) >= tonumber(ARGV[7]) then return 'OUTBOX' end
append_events(10)
if not ARGV[10] and redis.call('HGET', KEYS[1], 'r') == ARGV[3] then
  redis.call('HSET', KEYS[1], 'c', found[4] or found[2])
elseif found[4] then
  redis.call('HDEL', KEYS[1], 'c')
end
redis.call('HSET', KEYS[1], 'v', ARGV[6], 'r', ARGV[3], 'd', ARGV[4], 't', ARGV[2])
if found[3] and ARGV[8] == '1' then
  redis.call('HINCRBY', KEYS[4], 'bytes', string.format('%.0f', 0 - found[3]))
  redis.call('HDEL', KEYS[1], 'p', 'n')
  found[3] = false
end
if not found[3] then
  local now = redis.call('TIME')[1] * 1000
  redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', math.min(math.max(now, ARGV[4]), 253402300799000) + 86400000))
end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('HINCRBY', KEYS[4], 'live', ARGV[9])
return 'OK'
)lua";

constexpr std::string_view kTryChange = R"lua(
if redis.call('HGET', KEYS[1], 'format') ~= '1' then return 'MOVED' end
if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[1]) then return 'OUTBOX' end
redis.call('HINCRBY', KEYS[1], 'live', 0)
return 'OK'
)lua";

constexpr std::string_view kPurge = R"lua(
local found = redis.call('HMGET', KEYS[1], 'v', 'n')
if found[1] ~= ARGV[2] then return 'CONFLICT' end
if redis.call('HGET', KEYS[4], 'format') ~= '1' then return 'MOVED' end
if found[2] then redis.call('HINCRBY', KEYS[4], 'bytes', string.format('%.0f', 0 - found[2])) end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 'OK'
)lua";

constexpr std::string_view kDue = R"lua(
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local found = {}
for i = 1, #members, 2 do
  if redis.call('EXISTS', ARGV[3] .. members[i]) == 1 then
    found[#found + 1] = members[i]
    found[#found + 1] = members[i + 1]
  else
    redis.call('ZREM', KEYS[1], members[i])
  end
end
return found
)lua";

constexpr std::string_view kShowShared = R"lua(
local held = redis.call('HMGET', KEYS[1], 'projector', 'projector_since', 'projector_to', 'format')
if held[4] ~= '1' then return {} end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local mine = held[1] == ARGV[1]
if held[1] and not mine and math.abs(now - held[2]) < tonumber(ARGV[4]) then return {} end
local entries = redis.call('XRANGE', KEYS[2], '(' .. ARGV[2] .. '-0', '+', 'COUNT', ARGV[3])
if #entries > 0 then
  local last = string.match(entries[#entries][1], '%d+')
  if not mine or tonumber(last) > tonumber(held[3]) then
    redis.call('HSET', KEYS[1], 'projector', ARGV[1], 'projector_to', last)
  end
  if not mine then redis.call('HSET', KEYS[1], 'projector_since', string.format('%.0f', now)) end
end
return entries
)lua";

// The node's own first. More only when that leaves no gap in what it has: then one pair of numbers says it all.
constexpr std::string_view kShowOwn = R"lua(
local own = 'shown:' .. ARGV[1]
local held = redis.call('HMGET', KEYS[1], 'shown', own, 'format')
if held[3] ~= '1' then return {} end
local shown = tonumber(held[1] or 0)
local from, to = string.match(held[2] or '', '(%d+) (%d+)')
local after, limit = tonumber(ARGV[2]), tonumber(ARGV[3])
local function range(first, last, count)
  return redis.call('XRANGE', KEYS[2], string.format('%.0f-0', first), last, 'COUNT', string.format('%.0f', count))
end
local entries = {}
if from then entries = range(math.max(after + 1, from), to .. '-0', limit) end
if from and #entries == 0 and after < tonumber(from) then
  redis.call('HDEL', KEYS[1], own)
  from, to = nil, nil
end
if #entries < limit and (not from or tonumber(to) == shown) then
  local more = range(math.max(after, shown) + 1, '+', limit - #entries)
  for i = 1, #more do entries[#entries + 1] = more[i] end
  if #more > 0 then
    local last = string.match(more[#more][1], '%d+')
    redis.call('HSET', KEYS[1], 'shown', last, own, (from or string.format('%.0f', shown + 1)) .. ' ' .. last)
  end
end
return entries
)lua";

// The event's id must be the one that was shown: a server that took over may have given the position to another event.
// What was shown to this node is written down behind the events themselves, so a server that knows the one has all of
// the others as they were shown.
constexpr std::string_view kAcknowledgeShared = R"lua(
local held = redis.call('HMGET', KEYS[1], 'position', 'projector', 'projector_to')
if tonumber(ARGV[2]) > tonumber(held[1] or 0) then return 'UNKNOWN' end
if held[2] ~= ARGV[1] or tonumber(ARGV[2]) > tonumber(held[3]) then return 'STALE' end
local entry = redis.call('XRANGE', KEYS[2], ARGV[2] .. '-0', ARGV[2] .. '-0')[1]
if not entry or entry[2][2] ~= ARGV[3] then return 'STALE' end
redis.call('XTRIM', KEYS[2], 'MINID', string.format('%.0f-0', ARGV[2] + 1))
redis.call('HSET', KEYS[1], 'acknowledged', ARGV[3])
if ARGV[2] == held[3] then
  redis.call('HDEL', KEYS[1], 'projector', 'projector_since', 'projector_to')
else
  local clock = redis.call('TIME')
  redis.call('HSET', KEYS[1], 'projector_since', string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)))
end
return 'OK'
)lua";

constexpr std::string_view kAcknowledgeOwn = R"lua(
local own = 'shown:' .. ARGV[1]
local held = redis.call('HMGET', KEYS[1], 'position', own)
if tonumber(ARGV[2]) > tonumber(held[1] or 0) then return 'UNKNOWN' end
local from, to = string.match(held[2] or '', '(%d+) (%d+)')
local last = tonumber(ARGV[2])
if not from or last < tonumber(from) or last > tonumber(to) then return 'STALE' end
local entry = redis.call('XRANGE', KEYS[2], ARGV[2] .. '-0', ARGV[2] .. '-0')[1]
if not entry or entry[2][2] ~= ARGV[3] then return 'STALE' end
local ids = {}
for i, done in ipairs(redis.call('XRANGE', KEYS[2], from .. '-0', ARGV[2] .. '-0')) do ids[i] = done[1] end
for i = 1, #ids, 500 do redis.call('XDEL', KEYS[2], unpack(ids, i, math.min(i + 499, #ids))) end
redis.call('HSET', KEYS[1], 'acknowledged:' .. ARGV[1], ARGV[3])
if ARGV[2] == to then
  redis.call('HDEL', KEYS[1], own)
else
  redis.call('HSET', KEYS[1], own, string.format('%.0f ', last + 1) .. to)
end
return 'OK'
)lua";

}  // namespace

RedisScript::RedisScript(std::string lua) : text(std::move(lua)) {
  std::array<std::uint8_t, 20> digest{};
  check(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1, "SHA-1 is there");
  sha1 = to_hex(digest);
}

RedisScripts::RedisScripts()
    : open(std::string(kOpen)),
      insert(std::string(kAppendEvents) + std::string(kInsert)),
      replace(std::string(kAppendEvents) + std::string(kReplace)),
      try_change(std::string(kTryChange)),
      purge(std::string(kPurge)),
      due(std::string(kDue)),
      show_shared(std::string(kShowShared)),
      show_own(std::string(kShowOwn)),
      acknowledge_shared(std::string(kAcknowledgeShared)),
      acknowledge_own(std::string(kAcknowledgeOwn)) {}

}  // namespace disposable
