// Which epochs of the keyring a store still needs: those that its live secrets were created under. Destroying one of
// them would take these secrets away, whatever the file `epochs` says of times.

#pragma once

#include <filesystem>
#include <set>

#include "base/clock.h"
#include "store/rocksdb/store_copy.h"
#include "store/served_store.h"

namespace disposable {

struct EpochNeeds {
  StoreHead store;                 // of a store in a folder
  std::uint64_t secrets = 0;       // live and spent
  std::set<std::uint32_t> epochs;  // of the secrets that are live at the given time
};

// Reads the whole store, beside the process that owns it. kNotFound: there is none. kCorrupt: a record does not decode.
Result<EpochNeeds> survey_epochs(const std::filesystem::path& store, WallTime now);
// Reads a store that is shared, through one that is open, page by page: a secret that is changed meanwhile may be
// counted twice. kUnavailable, kCorrupt.
Result<EpochNeeds> survey_epochs(ServedStore& store, WallTime now);

}  // namespace disposable
