// A store that answers everything with one failure.

#pragma once

#include "core/store.h"

namespace disposable {

class FailingStore final : public SecretStore {
 public:
  Error error;

  Result<Ticket> insert(const StoreId&, Entry, Bytes, std::span<const Event>) override { return fail(error); }
  Result<Loaded> load(const StoreId&) override { return fail(error); }
  Result<Bytes> load_payload(const StoreId&) override { return fail(error); }
  Result<Ticket> replace(const StoreId&, std::uint64_t, Entry, Payload, std::span<const Event>) override {
    return fail(error);
  }
  Result<Ticket> purge(const StoreId&, std::uint64_t) override { return fail(error); }
  Result<std::vector<DueEntry>> due(WallTime, std::size_t) override { return fail(error); }
  Result<void> ready() override { return fail(error); }
  Result<void> takes_changes() override { return fail(error); }
  Result<void> wait_durable(CommitSequence) override { return fail(error); }
  std::optional<Result<void>> outcome(CommitSequence) override { return Result<void>(fail(error)); }
  void watch_settled(std::function<void()>) override {}
};

}  // namespace disposable
