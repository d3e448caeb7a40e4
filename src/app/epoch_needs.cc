#include "app/epoch_needs.h"

#include "core/lifecycle.h"

namespace disposable {

namespace {

Result<void> take(ByteView bytes, WallTime now, EpochNeeds& needs) {
  ++needs.secrets;
  const Result<Record> record = decode_record(bytes);
  if (!record) {
    return fail(record.error());
  }
  const bool readable = standing(*record, now) == Standing::kLive && !record->request;
  if (readable || !record->claims.empty()) {
    needs.epochs.insert(record->epoch);
  }
  return {};
}

}  // namespace

Result<EpochNeeds> survey_epochs(ServedStore& store, WallTime now) {
  EpochNeeds needs;
  const Result<void> visited =
      store.visit_records([&needs, now](ByteView bytes) -> Result<void> { return take(bytes, now, needs); });
  return visited ? Result<EpochNeeds>(std::move(needs)) : fail(visited.error());
}

Result<EpochNeeds> survey_epochs(const std::filesystem::path& store, WallTime now) {
  EpochNeeds needs;
  const Result<StoreHead> head =
      survey_store(store, [&needs, now](ByteView bytes) -> Result<void> { return take(bytes, now, needs); });
  if (!head) {
    return fail(head.error());
  }
  needs.store = *head;
  return needs;
}

}  // namespace disposable
