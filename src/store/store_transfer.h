// StoreTransfer: a store as something that is moved to another one, secret by secret, while no service can use either.
//
// A store says in itself that it takes part in a move, durably, and a service refuses it until the move has ended; so a
// secret is never readable in both places, however often the move is broken off and begun again. store/store_move.h has
// the order of the steps. One thread. Every change is durable on return. kUnavailable: also when another run goes on
// with the move since; this one changes nothing any more.

#pragma once

#include <array>

#include "core/store.h"
#include "store/store_totals.h"

namespace disposable {

// What a store is in a move. `move` names the move, the same at both ends; empty for kNone and for a store that never
// took part in one.
struct MoveState {
  enum class Role : std::uint8_t {
    kNone,      // serves, or could: no move, or one that has ended here as its target
    kArriving,  // the target of a move
    kLeaving,   // the source of a move
    kLeft,      // was the source, and holds nothing any more
  };
  Role role = Role::kNone;
  std::string move{};

  bool operator==(const MoveState&) const = default;
};

// "arriving 0f3a...", as it is stored; kNone is "none 0f3a...".
std::string to_text(const MoveState& state);
// kCorrupt for anything else.
Result<MoveState> move_state_from(std::string_view text);

// All that is stored of one secret.
struct StoredSecret {
  StoreId id;
  std::uint64_t version = 0;
  Entry entry;
  std::optional<Bytes> payload{};  // nothing once it was dropped
};
bool operator==(const StoredSecret& a, const StoredSecret& b);

class StoreTransfer {
 public:
  StoreTransfer() = default;
  StoreTransfer(const StoreTransfer&) = delete;
  StoreTransfer& operator=(const StoreTransfer&) = delete;
  virtual ~StoreTransfer() = default;

  // For the operator: no user, no password.
  virtual std::string name() const = 0;
  // Nothing: there is no store here yet.
  virtual Result<std::optional<std::array<std::uint8_t, 16>>> keyring_check() = 0;
  virtual Result<MoveState> move_state() = 0;
  // Neither secrets nor events, whatever it says of itself. Changes nothing.
  virtual Result<bool> empty() = 0;
  virtual Result<StoreTotals> totals() = 0;
  virtual Result<std::optional<EventId>> last_acknowledged() = 0;

  // Makes it one that arrives, or goes on being; a store that is not there is created for that keyring.
  virtual Result<void> begin_arriving(const std::array<std::uint8_t, 16>& keyring_check, const std::string& move) = 0;
  // From here on no service can use it, also not one that runs.
  virtual Result<void> begin_leaving(const std::string& move) = 0;
  // A service can use it from here on.
  virtual Result<void> end_arriving(const StoreTotals& totals, const std::optional<EventId>& last_acknowledged) = 0;
  // It keeps nothing but the word that it was moved. For an empty one.
  virtual Result<void> end_leaving() = 0;

  // Up to `limit` secrets that are here, in any order, fewer when their payloads are large.
  virtual Result<std::vector<StoredSecret>> some_secrets(std::size_t limit) = 0;
  // Nothing when it is not here.
  virtual Result<std::optional<StoredSecret>> find(const StoreId& id) = 0;
  // As they are; again changes nothing.
  virtual Result<void> put(std::span<const StoredSecret> secrets) = 0;
  virtual Result<void> erase(std::span<const StoredSecret> secrets) = 0;

  // The first `limit` events of the outbox.
  virtual Result<std::vector<OutboxEntry>> some_events(std::size_t limit) = 0;
  // Behind those that are there.
  virtual Result<void> put_events(std::span<const OutboxEntry> events) = 0;
  virtual Result<void> erase_events(std::span<const OutboxEntry> events) = 0;
};

}  // namespace disposable
