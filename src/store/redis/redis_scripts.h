// The transitions of a Redis store, each one Lua script: Redis runs it alone and keeps all of its effects or none.
//
// They run on Redis 6.2 and newer and on Valkey. Whatever can fail does so before the first write, because Redis takes
// nothing back. What they answer is a word, or what they found.
//
// KEYS of the changes: a secret, due, outbox, meta (redis_schema.h). EVENTS: for each event its id and its bytes, at
// the end of ARGV.
//
// Running a change again. Each version of a record remembers the token of the change that made it. A script that
// finds the version it would make, with its own token, or a later one of the same content that keeps the token,
// answers OK as before and writes the token once more: WAITAOF and WAIT speak of the latest write of their
// connection, so that the answer is confirmed for the second time too. A first run that was only slow may come
// after the second: then the same holds for it, or the record is at a later version and it changes nothing. Only an
// insert could come after the purge of its own record, out of the buffer of a server that was frozen for so long;
// that is past its expiry, when it opens for nobody.

#pragma once

#include <string>
#include <string_view>

namespace disposable {

struct RedisScript {
  explicit RedisScript(std::string lua);

  std::string text;
  std::string sha1;  // by which EVALSHA knows it, 40 hexadecimal digits
};

// Before all other writes: an id that is not above the last one of the stream is an error. Positions stay below 2^53.
inline constexpr std::string_view kAppendEvents = R"lua(
local function append_events(first)
  for i = first, #ARGV, 2 do
    local position = string.format('%.0f', redis.call('HINCRBY', KEYS[4], 'position', 1))
    redis.call('XADD', KEYS[3], position .. '-0', 'id', ARGV[i], 'e', ARGV[i + 1])
  end
end
)lua";

struct RedisScripts {
  // KEYS meta, due, outbox. ARGV format, keyring check, what nodes agree on or nothing. Makes the store when there is
  // none. Answers format, check and agreed; nothing when there are remains of a store without its meta.
  RedisScript open;
  // ARGV id, token, record, due, payload, events the outbox may hold, bytes that may be stored, change of the live
  // secrets, EVENTS. OK, EXISTS, OUTBOX, FULL; GONE when this server holds no store, MOVED when it is in a move.
  RedisScript insert;
  // ARGV id, token, record, due, expected version, the next version, events the outbox may hold, 1 to drop the payload,
  // change of the live secrets, EVENTS. OK, CONFLICT, OUTBOX, MOVED. A record that is written once more as it is keeps
  // the token of who made it so (c): whose answer was lost must not take it for somebody else's.
  RedisScript replace;
  // KEYS meta, outbox. ARGV events the outbox may hold. Writes what is there already, so that a server that refuses
  // writes says so. OK, OUTBOX, MOVED.
  RedisScript try_change;
  // ARGV id, expected version. OK, CONFLICT, MOVED.
  RedisScript purge;
  // KEYS due. ARGV now, limit, what the keys of secrets begin with. Ids and due times by turns, earliest first. Takes
  // out what Redis itself has expired.
  RedisScript due;
  // KEYS meta, outbox. ARGV node, position, limit, stale after (ms). The entries after the position, none while another
  // node has some that it has not acknowledged.
  RedisScript show_shared;
  RedisScript show_own;
  // KEYS meta, outbox. ARGV node, position, event id. OK; STALE when the server has another history since: nothing
  // was forgotten, and the events will be shown again; UNKNOWN for a position not reached yet.
  RedisScript acknowledge_shared;
  RedisScript acknowledge_own;

  RedisScripts();
};

}  // namespace disposable
