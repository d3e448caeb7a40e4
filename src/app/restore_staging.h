// Where a restore puts its files together before any of them is where `serve` looks: the folder `restoring` in the data
// folder. Nothing starts with what is half done, and a restore that was killed can be run again.
//
// The caller has claimed the data folder (folder_claim.h), but for restore_unfinished(). Errors are sentences for the
// operator.

#pragma once

#include "app/options.h"
#include "base/result.h"

namespace disposable {

// Makes an empty one. Only an empty data folder is written to, or one with what is left of a restore that did not end:
// kAlreadyExists otherwise.
Result<void> prepare_staging(const Paths& paths);
// Moves everything to its place, the store last; what root restores is given to the owner of the data folder before.
Result<void> put_in_place(const Paths& paths);
Result<void> remove_staging(const Paths& paths);

// Whether a restore has begun and not come as far as the store: then nothing may start with what there is.
bool restore_unfinished(const Paths& paths);
// Whether one was killed when everything was in its place, but for removing the empty staging folder.
bool restore_nearly_done(const Paths& paths);

}  // namespace disposable
