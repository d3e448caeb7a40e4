// The transitions of a Redis store, each one Lua script: Redis runs it alone and keeps all of its effects or none.
//
// They run on Redis 6.2 and newer and on Valkey. Whatever can fail does so before the first write, because Redis takes
// nothing back. What they answer is a word, or what they found.
//
// KEYS of the changes: a secret, due, outbox, meta (redis_schema.h). EVENTS: for each event its id and its bytes, at
// the end of ARGV.
//
// Running a change again. Each version of a record remembers the token of the change that made it. A script that finds
// the version it would make, with its own token, answers OK as before and writes the token once more: WAITAOF and WAIT
// speak of the latest write of their connection, so that the answer is confirmed for the second time too. A first run
// that was only slow may come after the second: then the same holds for it, or the record is at a later version and it
// changes nothing. Only an insert could come after the purge of its own record; that is past its expiry, when it opens
// for nobody, and the connection of a first run is reset, so that nothing of it is under way that long.

#pragma once

#include <string>

namespace disposable {

struct RedisScript {
  explicit RedisScript(std::string lua);

  std::string text;
  std::string sha1;  // by which EVALSHA knows it, 40 hexadecimal digits
};

struct RedisScripts {
  // KEYS meta, due, outbox. ARGV format, keyring check, what nodes agree on or nothing. Makes the store when there is
  // none. Answers format, check and agreed; nothing when there are remains of a store without its meta.
  RedisScript open;
  // ARGV id, token, record, due, payload, events the outbox may hold, bytes that may be stored, change of the live
  // secrets, EVENTS. OK, EXISTS, OUTBOX, FULL; GONE when this server holds no store, MOVED when it is in a move.
  RedisScript insert;
  // ARGV id, token, record, due, expected version, the next version, events the outbox may hold, 1 to drop the payload,
  // change of the live secrets, EVENTS. OK, CONFLICT, OUTBOX, MOVED.
  RedisScript replace;
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

// Of a move (store/store_transfer.h). KEYS meta, due, outbox, and what is said below. ARGV the run's own token, and
// what is said below. All answer OK, and may be run again; events are then there twice. FENCED, and nothing is changed:
// the store is not in a move of this run.
struct RedisMoveScripts {
  // ARGV the token of the run before or nothing, keyring check, move. FENCED also when another run began since, when a
  // target is neither one already nor empty, and when a source neither serves nor leaves already.
  RedisScript begin;
  RedisScript end_arriving;  // ARGV move, live, bytes, id of the event acknowledged last or nothing
  RedisScript end_leaving;   // ARGV move. HOLDS, and nothing is changed: something is left
  RedisScript put;           // KEYS a secret. ARGV id, version, record, due, 1 when there is a payload, payload
  RedisScript erase;         // KEYS the secrets. ARGV their ids
  RedisScript put_events;    // KEYS meta again. ARGV EVENTS
  RedisScript erase_events;  // ARGV position: up to and with it

  RedisMoveScripts();
};

}  // namespace disposable
