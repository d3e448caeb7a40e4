#include "app/terminal.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace disposable {

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

std::string json_line(const nlohmann::json& object) {
  return object.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace) + "\n";
}

void print_json(const nlohmann::json& object) { print(json_line(object)); }

ProgressLine::ProgressLine() : watched_(isatty(STDERR_FILENO) != 0) {}

void ProgressLine::show(std::string_view text) {
  if (watched_) {
    const std::string line = "\r\033[K" + std::string(text);
    std::fwrite(line.data(), 1, line.size(), stderr);
    shown_ = true;
  }
}

void ProgressLine::clear() {
  if (shown_) {
    std::fputs("\r\033[K", stderr);
    shown_ = false;
  }
}

void print_note(std::string_view text) {
  const std::string line = std::string(text) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int print_error(int exit_code, std::string_view message, std::string_view hint) {
  std::string lines = "disposable-secrets: error: " + std::string(message) + "\n";
  if (!hint.empty()) {
    lines += "hint: " + std::string(hint) + "\n";
  }
  std::fwrite(lines.data(), 1, lines.size(), stderr);
  return exit_code;
}

}  // namespace disposable
