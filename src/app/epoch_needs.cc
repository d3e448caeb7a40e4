#include "app/epoch_needs.h"

#include "core/lifecycle.h"

namespace disposable {

Result<EpochNeeds> survey_epochs(const std::filesystem::path& store, WallTime now) {
  EpochNeeds needs;
  Result<StoreSurvey> survey = survey_store(store, [&needs, now](ByteView bytes) -> Result<void> {
    const Result<Record> record = decode_record(bytes);
    if (!record) {
      return fail(record.error());
    }
    if (standing(*record, now) == Standing::kLive) {
      needs.epochs.insert(record->epoch);
    }
    return {};
  });
  if (!survey) {
    return fail(survey.error());
  }
  needs.store = *survey;
  return needs;
}

}  // namespace disposable
