// A vault over the reference store, with cheap Argon2, a manual clock and seeded randomness.

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/vault.h"
#include "store/memory/memory_store.h"
#include "support/fakes.h"

namespace disposable {

struct VaultFixture {
  explicit VaultFixture(PassphraseLane::Limits lane_limits = {}) : lane(lane_limits) {}

  ManualClock clock;
  SeededRandom random{42};
  Keyring keyring = Keyring::generate(random);
  MemoryStore store;
  PassphraseLane lane;
  Vault vault{Vault::Parts{store, keyring, clock, random, lane, Argon2Cost{1, 8192}}};

  SecretKey create(std::string_view secret, std::string_view passphrase = {},
                   std::chrono::seconds ttl = std::chrono::seconds{300}) {
    NewSecret fresh{SecretBytes::copy_of(as_bytes(secret)), SecretBytes::copy_of(as_bytes(passphrase)), ttl};
    Held<SecretKey> held = vault.create(std::move(fresh), "192.0.2.1");
    check(held.outcome.has_value() && held.ticket.wait().has_value(), "the fixture creates");
    return std::move(*held.outcome);
  }
  // The secret, or the name of the refusal.
  std::string retrieve(const SecretKey& key) {
    const Held<SecretBytes> held = vault.retrieve(key, "192.0.2.2");
    return held.outcome ? std::string(as_text(held.outcome->expose())) : name(held.outcome.error().code);
  }
  std::string delete_secret(const SecretKey& key, std::string_view passphrase = {}) {
    const Held<void> held = vault.delete_secret(key, SecretBytes::copy_of(as_bytes(passphrase)), "192.0.2.3");
    return held.outcome ? "deleted" : name(held.outcome.error().code);
  }
  // "created 192.0.2.1", ... in commit order.
  std::vector<std::string> history() {
    std::vector<std::string> lines;
    const std::vector<OutboxEntry> entries = store.pending(0, 10'000).value();
    for (const OutboxEntry& entry : entries) {
      const std::string address = entry.event.address.empty() ? "-" : entry.event.address;
      lines.push_back(std::string(action_name(entry.event.action)) + " " + address);
    }
    return lines;
  }

  static std::string name(Errc code) {
    switch (code) {
      case Errc::kNotFound:
        return "not found";
      case Errc::kSpent:
        return "spent";
      case Errc::kDenied:
        return "denied";
      case Errc::kWrongProof:
        return "wrong proof";
      case Errc::kLocked:
        return "locked";
      case Errc::kRateLimited:
        return "rate limited";
      case Errc::kUnavailable:
        return "unavailable";
      case Errc::kStorageFull:
        return "storage full";
      case Errc::kCorrupt:
        return "corrupt";
      case Errc::kAlreadyExists:
        return "already exists";
      case Errc::kInvalidArgument:
      case Errc::kConflict:
      case Errc::kInternal:
        break;
    }
    return "unexpected error";
  }
};

}  // namespace disposable
