// `disposable-secrets migrate --from URL --to URL`: moves a store, an audit log or both to another place. Returns the
// exit code.
//
// --from and --to name one store, one audit log, or one of each; kinds belong together. No service may use them
// meanwhile; a store refuses it by itself (store/store_move.h). Broken off anywhere, the same command goes on.

#pragma once

#include "app/options.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

int migrate(const MigrateOptions& options, Clock& clock, Random& random);

}  // namespace disposable
