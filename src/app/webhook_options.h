// The options of webhooks; part of app/serve_options.h.

#pragma once

#include <CLI/CLI.hpp>

#include "app/options.h"

namespace disposable {

void add_webhooks(CLI::App& serve, ServeOptions& options);
// What no single one of them can tell.
Result<void> check_webhooks(const ServeOptions& options);

}  // namespace disposable
