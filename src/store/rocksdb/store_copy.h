// StoreCopy: a store copied record by record, for a backup and for a restore.
//
// What is copied is the live state at one moment: no older version, no payload, and no file of the source. The caller
// decides what becomes of each record; the outbox goes along as it is. One thread.

#pragma once

#include <functional>
#include <string>

#include "core/store.h"
#include "store/rocksdb/schema.h"

namespace disposable {

struct StoreCopy {
  enum class Kind : std::uint8_t {
    kBackup,   // from a store that may be in use to a backup
    kRestore,  // from a backup to a store
  };
  struct Rewritten {
    Entry entry;
    std::vector<Event> events;  // appended to the outbox
  };

  Kind kind = Kind::kBackup;
  std::string from;
  std::string to;  // an empty folder
  std::function<Result<Rewritten>(ByteView record)> rewrite;
  std::function<void(std::uint64_t secrets)> progress{};  // every 10,000; may be empty
};

// How many secrets were copied, all durable. kNotFound: there is no store. kInvalidArgument: it is of the wrong kind or
// another version. What is in `to` after an error is useless.
Result<std::uint64_t> copy_store(const StoreCopy& copy);

// What the store or backup in `directory` is. Reads a few keys, changes nothing, and may be asked beside the process
// that owns it. Errors as above.
struct StoreHead {
  Identity identity;
  std::optional<EventId> last_acknowledged;
};
Result<StoreHead> read_store_head(const std::string& directory);

// The same, and shows each record to `visit`, which may refuse it with an error of its own.
Result<StoreHead> survey_store(const std::string& directory, const std::function<Result<void>(ByteView record)>& visit);

}  // namespace disposable
