// Event: one line of the audit log, as the domain produces it and the outbox carries it.
//
// It never holds a secret's key, payload or passphrase: only the fingerprint names the secret.

#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "crypto/random.h"
#include "crypto/secret_key.h"

namespace disposable {

// Stored values; never renumber.
enum class Action : std::uint8_t {
  kCreated = 1,
  kRetrieved = 2,
  kDeleted = 3,
  kExpired = 4,
  kDenied = 5,  // a wrong or missing passphrase
  kLocked = 6,  // the wrong passphrase that used up the attempts
};

// "created", "retrieved", ...: the word in the audit log and on the command line.
std::string_view action_name(Action action);
std::optional<Action> action_from_name(std::string_view name);

// Makes projection idempotent. A UUIDv7 (RFC 9562, 5.7): time first, so that an index over it grows at its end.
struct EventId {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const EventId&) const = default;
  static EventId generate(WallTime now, Random& random);
  // None that is generated at this time or later is less.
  static EventId least(WallTime at);
};

struct Event {
  EventId id;
  Fingerprint fingerprint;
  Action action = Action::kCreated;
  WallTime at;
  std::string address;     // the client's, in text; empty for what the service did by itself
  std::string extra_data;  // a JSON object of numbers, booleans and a token's id
  Bytes webhook{};         // sealed URL (core/webhook.h) of who is to be told; empty: nobody. Not in the audit log.

  bool operator==(const Event&) const = default;
};

// The outbox form. decode_event gives kCorrupt for anything encode_event did not write.
Bytes encode_event(const Event& event);
Result<Event> decode_event(ByteView bytes);

}  // namespace disposable
