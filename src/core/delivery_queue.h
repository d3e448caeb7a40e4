// DeliveryQueue: the calls to webhooks that are still to be made.
//
// It lies beside the audit log and is filled like it, from the outbox, before the events are acknowledged there: what
// was to be told is told, whatever crashes. A delivery that was settled is remembered for a while, so that an event
// which the outbox shows again is not told again.

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/event.h"

namespace disposable {

// Stored values; never renumber.
enum class DeliveryKind : std::uint8_t {
  kServer = 1,  // to the operator, who is told of every secret
  kSecret = 2,  // to the creator of one
};
inline constexpr std::array<DeliveryKind, 2> kDeliveryKinds{DeliveryKind::kServer, DeliveryKind::kSecret};

// A keyed hash of the URL that is called. Zeros for kServer.
using Destination = std::array<std::uint8_t, 16>;

struct Delivery {
  EventId event;
  DeliveryKind kind = DeliveryKind::kServer;
  Fingerprint fingerprint;
  Bytes webhook{};  // the sealed URL of core/webhook.h; empty for kServer
  Destination destination{};
  std::string body;
  WallTime created_at;  // when the event happened
  WallTime due;
  int attempts = 0;  // that were made and failed

  bool operator==(const Delivery&) const = default;
};

// How long a delivery is remembered: once it is settled, and at most, whatever has become of it.
inline constexpr std::chrono::hours kSettledKept{24};
inline constexpr std::chrono::hours kDeliveryKept{4 * 24};
// No pause between two attempts is longer.
inline constexpr std::chrono::hours kPauseMost{7};

// Thread-safe. kUnavailable: it did not happen, or that is unknown; kCorrupt: what is stored is not ours.
class DeliveryQueue {
 public:
  struct Pending {
    std::uint64_t count = 0;
    std::optional<WallTime> oldest{};  // created_at
  };

  DeliveryQueue() = default;
  DeliveryQueue(const DeliveryQueue&) = delete;
  DeliveryQueue& operator=(const DeliveryQueue&) = delete;
  virtual ~DeliveryQueue() = default;

  // Durable on return, all or nothing. One whose event and kind are there, settled or not, is skipped.
  virtual Result<void> add(std::span<const Delivery> deliveries) = 0;

  // The one that has been due for longest and goes to none of the destinations `without`. Nobody else who shares the
  // queue gets it before `lease` is over, unless it is postponed; the caller must not ask for it again either, which
  // `without` is for.
  virtual Result<std::optional<Delivery>> take(DeliveryKind kind, WallTime now, std::span<const Destination> without,
                                               std::chrono::milliseconds lease) = 0;

  // It is over: told, or given up.
  virtual Result<void> settle(const Delivery& delivery, WallTime now) = 0;
  // One more attempt has failed.
  virtual Result<void> postpone(const Delivery& delivery, WallTime due) = 0;

  virtual Result<Pending> pending(DeliveryKind kind) = 0;
  // Forgets what need not be remembered any more, and makes due what waits longer than any pause lasts, as happens when
  // a clock was ahead. How many of each of kDeliveryKinds were forgotten that had never been told.
  using Forgotten = std::array<std::uint64_t, kDeliveryKinds.size()>;
  virtual Result<Forgotten> prune(WallTime now) = 0;
};

}  // namespace disposable
