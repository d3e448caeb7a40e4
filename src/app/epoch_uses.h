// EpochUses: since when each epoch of the keyring has been the one for new secrets, and how long these may live.
//
// Kept in the data folder, in the file `epochs`, by `serve`; read by `keys rotate`, which must not destroy an epoch
// before the last secret that was created under it has expired. Text, one line each, oldest first:
//   epoch <number> since <milliseconds since the Unix epoch> ttl-max <seconds>
// Not secret. One thread.

#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace disposable {

struct EpochUse {
  std::uint32_t epoch = 0;
  WallTime since;
  std::chrono::seconds ttl_max{};

  bool operator==(const EpochUse&) const = default;
};

// kNotFound: no service has kept one here. kCorrupt: a line is none; the detail names it.
Result<std::vector<EpochUse>> read_epoch_uses(const std::filesystem::path& file);

// Adds `use` unless epoch and ttl_max are those of the last line; durable on return. Called before the epoch is used
// for new secrets. kInvalidArgument with a sentence: a later epoch was in use already, so the key file is an old copy.
Result<void> note_epoch_use(const std::filesystem::path& file, const EpochUse& use);

// When the last secret that was created under `epoch` has expired: nothing while it may still be the one for new
// secrets.
std::optional<WallTime> outlived_at(const std::vector<EpochUse>& uses, std::uint32_t epoch);

}  // namespace disposable
