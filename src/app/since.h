// Times and spans as an operator types them.

#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace disposable {

// "90s", "15m", "24h", "7d". kInvalidArgument otherwise.
Result<std::chrono::seconds> parse_span(std::string_view text);

// "2026-11-22", "2026-11-22T14:05", "2026-11-22T14:05:06", with an optional "Z": UTC. Or a span before `now`.
// kInvalidArgument otherwise.
Result<WallTime> parse_since(std::string_view text, WallTime now);

}  // namespace disposable
