// `disposable-secrets request`: asks somebody for a secret, and collects the answer.

#pragma once

#include "app/client_options.h"

namespace disposable {

// The exit code.
int request_secret(const RequestOptions& options);

}  // namespace disposable
