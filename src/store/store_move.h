// A move from one store to another: tombstones, secrets with their payloads and versions, and the outbox.
//
// The order of the steps is what keeps a secret from being readable twice, and what lets a move that was broken off
// anywhere be begun again:
//   1. the target says that it arrives, then the source that it leaves: from here on neither serves
//   2. some secrets are put into the target, read back and compared, then erased from the source; again, until none is
//      left; then the events of the outbox likewise (one that is there twice is one row in the audit log)
//   3. the target takes over totals and the mark of the last acknowledged event, and serves; then the source says that
//      it has left
// One run changes the stores at a time: a folder is locked, and in Redis a run that another one came after is refused.
// When the target was lost in the middle, what is left at the source goes to another empty one.

#pragma once

#include <functional>

#include "crypto/random.h"
#include "store/store_transfer.h"

namespace disposable {

struct MoveReport {
  std::uint64_t secrets = 0;  // by this run
  std::uint64_t events = 0;
  bool ended_before = false;  // nothing was left to do
  bool resumed = false;       // an earlier run had begun
};

// Told now and then how much this run has moved; may be empty.
using MoveProgress = std::function<void(const MoveReport& so_far)>;

// A move that has ended already is a success. kNotFound: there is nothing to move, or it was moved to another place.
// kInvalidArgument, with a sentence: the target holds a store already, or either takes part in another move. kCorrupt:
// what was read back is not what was written; nothing of it was erased. Errors of either store; run it again.
Result<MoveReport> move_store(StoreTransfer& from, StoreTransfer& to, Random& random, const MoveProgress& progress);

}  // namespace disposable
