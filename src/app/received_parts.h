// What becomes of a secret that was retrieved: texts go to standard output, files to a folder. Nobody gets it a second
// time, so a file that is in the way makes no failure: the new one has a number behind its name; and what cannot be
// written where it was to go is written to the current folder, or that of temporary files.

#pragma once

#include <string>
#include <vector>

#include "app/client_options.h"
#include "client/client_error.h"
#include "client/container.h"

namespace disposable {

// To be called before the secret is spent: whether files can be written there. kHere: a file that --force would
// replace, or a folder that does not exist or cannot be written to.
Outcome<void> check_output(const OutputOptions& options);

// On a terminal a text's control characters are made harmless, and it has a line end. Says on standard error which
// files it has written. kHere: one of them could not be, or is elsewhere, which the hint says.
Outcome<void> deliver(const std::vector<Part>& parts, const OutputOptions& options, bool json, int views_left);

}  // namespace disposable
