// A store that decides at once and becomes durable late or never, for what must not leave before it is.

#pragma once

#include <future>

#include "http/api.h"
#include "support/vault_fixture.h"

namespace disposable {

// A store whose changes become durable when the test says so, and not at all if it says so.
class SlowStore final : public SecretStore {
 public:
  explicit SlowStore(SecretStore& store) : store_(store) {}

  Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) override {
    return hold(store_.insert(id, std::move(entry), std::move(payload), events));
  }
  Result<Loaded> load(const StoreId& id) override { return store_.load(id); }
  Result<Bytes> load_payload(const StoreId& id) override { return store_.load_payload(id); }
  Result<Ticket> replace(const StoreId& id, std::uint64_t version, Entry entry, Payload payload,
                         std::span<const Event> events) override {
    return hold(store_.replace(id, version, std::move(entry), payload, events));
  }
  Result<Ticket> purge(const StoreId& id, std::uint64_t version) override { return store_.purge(id, version); }
  Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) override { return store_.due(now, limit); }
  Result<void> ready() override { return {}; }

  Result<void> wait_durable(CommitSequence /*sequence*/) override {
    if (held_) {
      waiting.set_value();
      verdict.get_future().wait();
    }
    return failing ? Result<void>(fail(Errc::kUnavailable, "fsync failed")) : Result<void>{};
  }
  // The next change waits until verdict is set.
  void hold_next() { held_ = true; }

  std::promise<void> waiting;
  std::promise<void> verdict;
  bool failing = false;

 private:
  Result<Ticket> hold(Result<Ticket> done) {
    if (!done) {
      return done;
    }
    return Ticket(*this, 1);
  }
  SecretStore& store_;
  bool held_ = false;
};

struct SlowFixture {
  VaultFixture parts;
  SlowStore store{parts.store};
  Vault vault{Vault::Parts{store, parts.keyring, parts.clock, parts.random, parts.lane, Argon2Cost{1, 8192}}};
  Api api{Api::Parts{vault, [] { return Result<void>{}; }}};
};

}  // namespace disposable
