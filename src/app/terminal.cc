#include "app/terminal.h"

#include <cstdio>
#include <string>

namespace disposable {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

int print_error(int exit_code, std::string_view message, std::string_view hint) {
  std::string lines = "disposable-secrets: error: " + std::string(message) + "\n";
  if (!hint.empty()) {
    lines += "hint: " + std::string(hint) + "\n";
  }
  std::fwrite(lines.data(), 1, lines.size(), stderr);
  return exit_code;
}

}  // namespace disposable
