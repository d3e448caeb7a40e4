// The environment of this process. Not thread-safe beside setenv(3), which nothing here calls.

#pragma once

#include <cstdlib>
#include <string>

namespace disposable {

// Empty also when there is no such variable: an empty one counts as none.
inline std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

}  // namespace disposable
