// OptionTable: adds options of a command, one call each, so that a list of them reads as a table. Every option can also
// be set by an environment variable, --head-timeout by DISPOSABLE_SECRETS_HEAD_TIMEOUT; its help ends with its default.

#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "http/limits.h"

namespace disposable {

inline constexpr std::uint64_t kKiB = 1ULL << 10U;
inline constexpr std::uint64_t kMiB = 1ULL << 20U;
inline constexpr std::uint64_t kGiB = 1ULL << 30U;
inline constexpr std::uint64_t kTiB = 1ULL << 40U;

// The values must outlive the parsing.
class OptionTable {
 public:
  // The options that follow stand under `group` in the help.
  OptionTable(CLI::App& app, std::string group) : app_(app), group_(std::move(group)) {}

  template <class Integer>
  void count(const std::string& name, Integer& value, Integer least, Integer most, const std::string& help) {
    const std::string now = std::to_string(value);
    add(app_.add_option(name, value, help + " (" + now + ")"), "N", now)->check(CLI::Range(least, most));
  }
  // A number, also with a unit: 65536, 64K, 64KiB are the same.
  void bytes(const std::string& name, std::uint64_t& value, std::uint64_t least, std::uint64_t most,
             const std::string& help);
  // Fractions are let through; a tenth of a second to a day.
  void seconds(const std::string& name, std::chrono::milliseconds& value, const std::string& help);
  void whole_seconds(const std::string& name, std::chrono::seconds& value, std::int64_t most, const std::string& help);
  // Two options: NAME-per-minute and NAME-burst.
  void rate(const std::string& name, Rate& value, const std::string& what);

  // The help must name the default; where it can be typed, `default_str` of the result is to be it.
  template <class Text>
  CLI::Option* text(const std::string& name, Text& value, const char* value_name, const std::string& help) {
    return add(app_.add_option(name, value, help), value_name, {});
  }
  // Several values: the option may be repeated, and a value may hold several with commas.
  CLI::Option* texts(const std::string& name, std::vector<std::string>& values, const char* value_name,
                     const std::string& help) {
    return text(name, values, value_name, help)->delimiter(',')->allow_extra_args(false);
  }
  // The mode of a file.
  void octal(const std::string& name, unsigned& value, unsigned most, const std::string& help);
  void flag(const std::string& name, bool& value, const std::string& help);

 private:
  // `now`, the default, is what the configuration file would say; empty when there is none.
  CLI::Option* add(CLI::Option* option, const char* value_name, const std::string& now);

  CLI::App& app_;
  const std::string group_;
};

}  // namespace disposable
