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
  if (standing(*record, now) == Standing::kLive) {
    needs.epochs.insert(record->epoch);
  }
  return {};
}

}  // namespace

Result<EpochNeeds> survey_epochs(SecretStore& store, WallTime now) {
  // Whatever is stored is due some time.
  constexpr WallTime kEver{std::chrono::milliseconds{1LL << 52U}};
  constexpr std::size_t kAll = 1'000'000'000;
  const Result<std::vector<DueEntry>> entries = store.due(kEver, kAll);
  if (!entries) {
    return fail(entries.error());
  }
  EpochNeeds needs;
  for (const DueEntry& entry : *entries) {
    const Result<Loaded> loaded = store.load(entry.id);
    if (!loaded && loaded.error().code == Errc::kNotFound) {
      continue;  // purged meanwhile
    }
    const Result<void> taken = loaded ? take(loaded->record, now, needs) : fail(loaded.error());
    if (!taken) {
      return fail(taken.error());
    }
  }
  return needs;
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
