// `disposable-secrets status`, `receipt` and `delete`: what a link is good for beside retrieving.

#pragma once

#include "app/client_options.h"

namespace disposable {

// The exit codes.
int show_status(const StatusOptions& options);
int delete_by_link(const DeleteOptions& options);

}  // namespace disposable
