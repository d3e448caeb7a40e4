// How a service lives with a keyring whose epochs come and go.

#include <sys/stat.h>

#include "app/epoch_needs.h"
#include "app/epoch_uses.h"
#include "app/service.h"

namespace disposable {

Result<void> Service::note_epoch(std::uint32_t epoch) {
  return note_epoch_use(parts_.options.paths.epoch_uses(), {epoch, parts_.clock.now(), parts_.options.ttl_max});
}

// An epoch that a live secret needs is not given up, even when it is gone from the file: this copy may be the last.
Result<void> Service::can_do_without(const Keyring& newer) {
  const std::vector<std::uint32_t> kept = newer.epochs();
  if (kept.front() <= keyring_.epochs().front()) {
    return {};
  }
  const WallTime now = parts_.clock.now();
  const Result<EpochNeeds> needs = parts_.options.backends.store.empty()
                                       ? survey_epochs(parts_.options.paths.store(), now)
                                       : survey_epochs(*store_, now);
  if (!needs) {
    return fail(needs.error());
  }
  if (!needs->epochs.empty() && *needs->epochs.begin() < kept.front()) {
    return fail(Errc::kInvalidArgument, "live secrets need epoch " + std::to_string(*needs->epochs.begin()) +
                                            ", which the key file has lost; do not restart before they are gone");
  }
  return {};
}

// Said in the data folder before it is so: a line too many does no harm, a missing one would let an old copy of the
// keyring pass for the newest.
Result<void> Service::adopt(const Keyring& newer) {
  Result<void> done = keyring_.can_adopt(newer);
  if (done) {
    done = can_do_without(newer);
  }
  if (done) {
    done = note_epoch(newer.current_epoch());
  }
  return done ? keyring_.adopt_epochs(newer) : done;
}

void Service::reload_keyring() {
  const std::uint32_t before = keyring_.current_epoch();
  struct stat status {};
  if (::fstat(key_file_.get(), &status) == 0 && status.st_nlink == 0) {
    parts_.log.write(LogLevel::kWarning, "the key file was replaced by another; a restart reads it");
  }
  const Result<Keyring> newer = reread_key_file(key_file_);
  const Result<void> adopted = newer ? adopt(*newer) : fail(newer.error());
  if (!adopted) {
    parts_.log.write(LogLevel::kError, "the keyring stays as it was", {{"reason", adopted.error().detail}});
  } else if (keyring_.current_epoch() != before) {
    parts_.log.write(LogLevel::kInfo, "a new epoch of the keyring is in use",
                     {{"epoch", std::int64_t{keyring_.current_epoch()}}});
  }
}

}  // namespace disposable
