#include "store/redis/redis_move_scripts.h"

namespace disposable {

namespace {

// A run that another one came before changes nothing, however late its commands arrive.
constexpr std::string_view kHeld = R"lua(
local held = redis.call('HMGET', KEYS[1], 'format', 'runner', 'move')
local mine = held[2] == ARGV[1]
local empty = redis.call('ZCARD', KEYS[2]) + redis.call('XLEN', KEYS[3]) == 0
)lua";
constexpr std::string_view kFence = R"lua(
if held[1] ~= 'moving' or not mine then return 'FENCED' end
)lua";

// Nobody moves on from here; a script that is under way has ended. A plan that was made before another run, or before a
// service began to use the target, is refused.
constexpr std::string_view kBeginMove = R"lua(
local role, is = string.match(ARGV[4], '^%a+'), held[1] == 'moving' and string.match(held[3] or '', '^%a+')
local fits = is == role
if not fits and role == 'arriving' then fits = empty end
if not fits and role == 'leaving' then fits = held[1] == '1' end
if not fits or not (mine or (held[2] or '') == ARGV[2]) then return 'FENCED' end
redis.call('HSET', KEYS[1], 'format', 'moving', 'check', ARGV[3], 'move', ARGV[4], 'runner', ARGV[1])
for i, name in ipairs({'position', 'live', 'bytes'}) do redis.call('HSETNX', KEYS[1], name, 0) end
return 'OK'
)lua";

// The first lines are for a second run of it.
constexpr std::string_view kEndArriving = R"lua(
if held[1] == '1' and mine and held[3] == ARGV[2] then
  redis.call('HSET', KEYS[1], 'runner', ARGV[1])
  return 'OK'
end
if held[1] ~= 'moving' or not mine then return 'FENCED' end
redis.call('HSET', KEYS[1], 'format', '1', 'move', ARGV[2], 'live', ARGV[3], 'bytes', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'acknowledged', ARGV[5]) end
return 'OK'
)lua";

constexpr std::string_view kEndLeaving = R"lua(
if not empty then return 'HOLDS' end
local check = redis.call('HGET', KEYS[1], 'check')
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('HSET', KEYS[1], 'format', 'moving', 'check', check, 'move', ARGV[2], 'runner', ARGV[1])
return 'OK'
)lua";

constexpr std::string_view kPut = R"lua(
redis.call('DEL', KEYS[4])
redis.call('HSET', KEYS[4], 'v', ARGV[3], 'r', ARGV[4], 'd', ARGV[5], 't', '')
if ARGV[6] == '1' then
  redis.call('HSET', KEYS[4], 'p', ARGV[7], 'n', #ARGV[7])
else
  local now = redis.call('TIME')[1] * 1000
  redis.call('PEXPIREAT', KEYS[4], string.format('%.0f', math.min(math.max(now, ARGV[5]), 253402300799000) + 86400000))
end
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[2])
return 'OK'
)lua";

constexpr std::string_view kErase = R"lua(
for i = 2, #ARGV do
  redis.call('DEL', KEYS[2 + i])
  redis.call('ZREM', KEYS[2], ARGV[i])
end
return 'OK'
)lua";

constexpr std::string_view kPutEvents = R"lua(
append_events(2)
return 'OK'
)lua";

constexpr std::string_view kEraseEvents = R"lua(
redis.call('XTRIM', KEYS[3], 'MINID', string.format('%.0f-0', ARGV[2] + 1))
return 'OK'
)lua";

std::string joined(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) {
    text += part;
  }
  return text;
}

}  // namespace

RedisMoveScripts::RedisMoveScripts()
    : begin(joined({kHeld, kBeginMove})),
      end_arriving(joined({kHeld, kEndArriving})),
      end_leaving(joined({kHeld, kFence, kEndLeaving})),
      put(joined({kHeld, kFence, kPut})),
      erase(joined({kHeld, kFence, kErase})),
      put_events(joined({kHeld, kFence, kAppendEvents, kPutEvents})),
      erase_events(joined({kHeld, kFence, kEraseEvents})) {}

}  // namespace disposable
