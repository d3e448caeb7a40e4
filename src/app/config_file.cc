#include "app/config_file.h"

#include <fstream>

namespace disposable {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.front() == text.back();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::optional<ConfigLine> parse_config_line(std::string_view text) {
  const std::string_view line = trimmed(text);
  const std::size_t equals = line.find('=');
  const std::string_view name = trimmed(line.substr(0, equals));
  if (equals == std::string_view::npos || name.empty() || name.front() == '#') {
    return std::nullopt;
  }
  return ConfigLine{std::string(name), std::string(unquoted(trimmed(line.substr(equals + 1))))};
}

Result<std::vector<ConfigLine>> read_config_file(const std::filesystem::path& path) {
  std::error_code error;
  std::ifstream file(path);
  // A folder can be opened too; reading it fails only later.
  if (!file || std::filesystem::is_directory(path, error)) {
    return fail(Errc::kInvalidArgument, "the configuration file " + path.string() + " cannot be read");
  }
  std::vector<ConfigLine> lines;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    const std::string_view line = trimmed(text);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    std::optional<ConfigLine> parsed = parse_config_line(line);
    if (!parsed) {
      return fail(Errc::kInvalidArgument,
                  "the configuration file " + path.string() + " has no NAME=VALUE in line " + std::to_string(number));
    }
    parsed->number = number;
    lines.push_back(std::move(*parsed));
  }
  if (file.bad()) {
    return fail(Errc::kInvalidArgument, "the configuration file " + path.string() + " cannot be read");
  }
  return lines;
}

}  // namespace disposable
