#include "app/epoch_needs.h"

#include "core/lifecycle.h"

namespace disposable {

Result<EpochNeeds> survey_epochs(const std::filesystem::path& store, WallTime now) {
  EpochNeeds needs;
  const Result<StoreHead> head = survey_store(store, [&needs, now](ByteView bytes) -> Result<void> {
    ++needs.secrets;
    const Result<Record> record = decode_record(bytes);
    if (!record) {
      return fail(record.error());
    }
    if (standing(*record, now) == Standing::kLive) {
      needs.epochs.insert(record->epoch);
    }
    return {};
  });
  if (!head) {
    return fail(head.error());
  }
  needs.store = *head;
  return needs;
}

}  // namespace disposable
