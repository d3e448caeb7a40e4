// The configuration file: lines NAME=VALUE, named like the options without their hyphens at the front. Blank lines and
// lines that begin with '#' are skipped; spaces around name and value, and quotes around the value, are dropped.

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace disposable {

struct ConfigLine {
  std::string name;
  std::string value;
  int number = 0;  // of the line, from 1
};

// One line, without its number. Nothing for a blank one, a comment, or another text than NAME=VALUE.
std::optional<ConfigLine> parse_config_line(std::string_view text);

// kInvalidArgument when the file cannot be read or a line is not of this form; the detail names file and line.
Result<std::vector<ConfigLine>> read_config_file(const std::filesystem::path& path);

}  // namespace disposable
