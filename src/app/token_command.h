// `disposable-secrets token create`, `token list` and `token revoke`: who may create by a token.

#pragma once

#include <cstdint>
#include <string>

#include "app/installation.h"
#include "base/clock.h"
#include "crypto/random.h"

namespace disposable {

struct TokenOptions {
  std::string what;  // "create", "list" or "revoke"
  Paths paths;
  std::string name;
  std::string expires;                   // as typed; empty: never
  std::uint64_t creates_per_minute = 0;  // 0: no limit
  std::uint64_t bytes_per_day = 0;       // 0: no limit
  std::string id;
  bool json = false;
};

// What is wrong with a value of an option; empty when nothing is.
std::string token_name_problem(const std::string& name);
std::string token_span_problem(const std::string& span);

// The exit code.
int change_tokens(const TokenOptions& options, Clock& clock, Random& random);

}  // namespace disposable
