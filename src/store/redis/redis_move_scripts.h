// The scripts of a move (store/store_transfer.h); as redis_scripts.h.

#pragma once

#include "store/redis/redis_scripts.h"

namespace disposable {

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
