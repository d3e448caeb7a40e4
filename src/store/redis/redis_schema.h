// The keys of a Redis store. `disposable` stands for the prefix of the URL; as a hash tag it puts all of them into one
// slot of a Cluster, so that one script can change several.
//
//   {disposable}:secret:<id>   hash; <id> is the store id, 64 hexadecimal digits
//       v  version: 1 after the insert, one more after every change
//       r  the record (core/record.h)
//       d  when the sweeper must look at it next, in milliseconds since the epoch
//       t  the token of the change that led to this version (16 random bytes)
//       c  the token of the change that made the record so, where later ones wrote it once more as it was
//       p  the payload, sealed; absent once dropped
//       n  size of p in bytes; absent with it
//       Without payload it has a time to live, until a day after d. That is for stores nobody sweeps any more: what is
//       live or expired is said by the record alone.
//   {disposable}:due           sorted set of <id> by d
//   {disposable}:outbox        stream; an entry's id is <position>-0
//       id  the event's id, as a UUID
//       e   the event (core/event.h, encode_event)
//   {disposable}:meta          hash
//       format   version of this layout; "moving" while the store takes part in a move, and after it has left
//       check    what identifies the keyring, 32 hexadecimal digits
//       agreed   what all nodes must have in common, in words; a node with something else does not start
//       move     to_text(MoveState), store/store_transfer.h; absent in a store that never took part in a move
//       runner   the run of `migrate` that began last; no other may change a store in a move
//       position of the event that was added last
//       live     live secrets
//       bytes    of all payloads
//     With one audit log for all nodes (Sharing::kShared):
//       acknowledged      id of the event that was acknowledged last
//       projector         the node that has been shown events that it has not acknowledged
//       projector_since   when, in milliseconds of the server's clock
//       projector_to      position up to which
//     With an audit log in each node (Sharing::kOwn):
//       acknowledged:<node>   the same of one node
//       shown                 position up to which events have been shown to some node
//       shown:<node>          "<from> <to>": positions shown to this node and not acknowledged
//
// No key, secret or passphrase is among it in the clear: records and payloads come sealed (core/envelope.h).

#pragma once

#include <string>

#include "core/store.h"

struct redisReply;

namespace disposable {

inline constexpr std::string_view kRedisFormat = "1";
inline constexpr std::string_view kRedisMovingFormat = "moving";  // no store to serve from

// The names of the keys. A value.
struct RedisKeys {
  explicit RedisKeys(std::string_view prefix);

  std::string secret(const StoreId& id) const { return secrets + to_hex(id.bytes); }

  std::string secrets;  // what the key of every secret begins with
  std::string due;
  std::string outbox;
  std::string meta;
};

// "<64 digits>" back to the id; kCorrupt when it is none.
Result<StoreId> parse_store_id(std::string_view hex);
// "0190...": the 32 digits with hyphens back to the id; kCorrupt when it is none.
Result<EventId> parse_event_id(std::string_view uuid);
// A number that Redis shows as text; kCorrupt when it is none.
Result<std::int64_t> parse_redis_number(std::string_view text);
// "<position>-0".
Result<std::uint64_t> parse_stream_id(std::string_view text);
// An entry of the stream as XRANGE answers it; kCorrupt when it is none.
Result<OutboxEntry> parse_outbox_entry(const redisReply& reply);

}  // namespace disposable
