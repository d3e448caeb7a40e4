// `disposable-secrets document`: manual pages, the default configuration file and completions, for whoever installs the
// executable. All of them are made from the options themselves.

#pragma once

#include <string>

#include "app/options.h"

namespace disposable {

// The text of `what`, which is one of kGenerated.
std::string generated(const std::string& what);

}  // namespace disposable
