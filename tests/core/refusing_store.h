// A store whose changes fail as the test says: not done, or done and not confirmed.

#pragma once

#include <functional>
#include <utility>

#include "core/store.h"

namespace disposable {

// Borrows the store behind it. As thread-safe as that, but for the fields, which are set while nobody is in it.
class RefusingStore final : public SecretStore {
 public:
  enum class Changes : std::uint8_t {
    kDone,
    kRefused,      // not done: kUnavailable
    kUnconfirmed,  // done, and kUnavailable all the same, as when no replica confirms it
  };

  explicit RefusingStore(SecretStore& behind) : behind_(behind) {}

  Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) override {
    return change([&] { return behind_.insert(id, std::move(entry), std::move(payload), events); });
  }
  Result<Loaded> load(const StoreId& id) override { return behind_.load(id); }
  Result<Bytes> load_payload(const StoreId& id) override { return behind_.load_payload(id); }
  Result<Ticket> replace(const StoreId& id, std::uint64_t expected_version, Entry entry, Payload payload,
                         std::span<const Event> events) override {
    return change([&] { return behind_.replace(id, expected_version, std::move(entry), payload, events); });
  }
  Result<Ticket> purge(const StoreId& id, std::uint64_t expected_version) override {
    return behind_.purge(id, expected_version);
  }
  Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) override { return behind_.due(now, limit); }
  Result<void> ready() override { return behind_.ready(); }
  Result<void> takes_changes() override { return behind_.takes_changes(); }
  Result<void> wait_durable(CommitSequence sequence) override { return behind_.wait_durable(sequence); }
  std::optional<Result<void>> outcome(CommitSequence sequence) override { return behind_.outcome(sequence); }
  void watch_settled(std::function<void()> listener) override { behind_.watch_settled(std::move(listener)); }

  Changes changes = Changes::kDone;
  std::function<void()> on_change;  // what others do just before the next one

 private:
  Result<Ticket> change(const std::function<Result<Ticket>()>& make) {
    if (on_change) {
      std::exchange(on_change, {})();
    }
    if (changes == Changes::kRefused) {
      return fail(Errc::kUnavailable, "the test says no");
    }
    Result<Ticket> made = make();
    const bool lost = changes == Changes::kUnconfirmed && made.has_value();
    return lost ? fail(Errc::kUnavailable, "not confirmed") : std::move(made);
  }

  SecretStore& behind_;
};

}  // namespace disposable
