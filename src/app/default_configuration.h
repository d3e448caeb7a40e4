// The default configuration file: every option of `serve`, commented out, with its help and its default.

#pragma once

#include <string>

#include "app/documented_command.h"

namespace disposable {

// The options of `serve` that a configuration file may hold.
std::vector<DocumentedOption> configurable_options(const DocumentedCommand& program);

std::string default_configuration(const DocumentedCommand& program);

}  // namespace disposable
