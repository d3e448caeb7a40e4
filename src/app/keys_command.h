// `disposable-secrets keys create` and `keys rotate`. Both return the exit code.

#pragma once

#include "app/options.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

int create_keys(const KeysOptions& options, Random& random);
// A new epoch for new secrets; those that no secret can need any more are destroyed.
int rotate_keys(const KeysOptions& options, Clock& clock, Random& random);

}  // namespace disposable
