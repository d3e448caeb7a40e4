// What the commands print. Results go to stdout; problems go to stderr as one line "disposable-secrets: error: ...",
// then at most one line "hint: ...".

#pragma once

#include <string_view>

namespace disposable {

inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

void print(std::string_view text);

// Returns `exit_code`, so that a command can end with it.
int print_error(int exit_code, std::string_view message, std::string_view hint = {});

}  // namespace disposable
