// `disposable-secrets generate`: a password or a passphrase.

#pragma once

#include "app/client_options.h"
#include "crypto/random.h"

namespace disposable {

// The exit code.
int generate(const GenerateOptions& options, Random& random);

}  // namespace disposable
