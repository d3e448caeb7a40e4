// `disposable-secrets share`: encrypts here, stores there, prints the link.

#pragma once

#include "app/client_options.h"

namespace disposable {

// The exit code.
int share(const ShareOptions& options);

}  // namespace disposable
