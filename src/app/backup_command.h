// `disposable-secrets backup DIR` and `restore DIR`. Both return the exit code.
//
// A backup holds the audit log and of each secret a tombstone: no payload, no wrapped key. So no copy of it can hand
// out anything, whatever was spent since; a secret that was live in it counts as deleted when it is restored.

#pragma once

#include "app/options.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

// Reads beside the service, which need not know of it; needs no keyring. The audit log is of a later moment than the
// store, so it holds every event that the store no longer has.
int back_up(const BackupOptions& options, Clock& clock);

// Makes a data folder of a backup. Until all of it is there, a service refuses to start with the folder.
int restore(const RestoreOptions& options, Clock& clock, Random& random);

}  // namespace disposable
