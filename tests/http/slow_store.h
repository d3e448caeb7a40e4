// A store that decides at once and becomes durable late or never, for what must not leave before it is.

#pragma once

#include <atomic>

#include "base/mutex.h"
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
  Result<void> takes_changes() override { return {}; }

  Result<void> wait_durable(CommitSequence /*sequence*/) override { return verdict(); }
  std::optional<Result<void>> outcome(CommitSequence /*sequence*/) override {
    const MutexLock lock(mutex_);
    return holding_ ? std::nullopt : std::optional(verdict());
  }
  void watch_settled(std::function<void()> listener) override {
    const MutexLock lock(mutex_);
    listener_ = std::move(listener);
  }

  // From now on nothing becomes durable, until release().
  void hold_changes() {
    const MutexLock lock(mutex_);
    holding_ = true;
  }
  void release() {
    const MutexLock lock(mutex_);
    holding_ = false;
    if (listener_) {
      listener_();
    }
  }
  // Blocks until a change has been decided that is held.
  void wait_for_change() {
    const MutexLock lock(mutex_);
    while (changes_held_ == 0) {
      changed_.wait(mutex_);
    }
  }

  std::atomic<bool> failing = false;

 private:
  Result<Ticket> hold(Result<Ticket> done) {
    if (!done) {
      return done;
    }
    const MutexLock lock(mutex_);
    changes_held_ += holding_ ? 1 : 0;
    changed_.notify_all();
    return Ticket(*this, 1);
  }
  Result<void> verdict() const {
    return failing ? Result<void>(fail(Errc::kUnavailable, "fsync failed")) : Result<void>{};
  }

  SecretStore& store_;
  Mutex mutex_;
  CondVar changed_;
  bool holding_ GUARDED_BY(mutex_) = false;
  int changes_held_ GUARDED_BY(mutex_) = 0;
  std::function<void()> listener_ GUARDED_BY(mutex_);
};

struct SlowFixture {
  VaultFixture parts;
  SlowStore store{parts.store};
  Vault vault{Vault::Parts{store, parts.keyring, parts.clock, parts.random, parts.lane, Argon2Cost{1, 8192}}};
  Api api{Api::Parts{vault, [] { return Readiness{}; }}};
};

}  // namespace disposable
