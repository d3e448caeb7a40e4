#include "app/option_table.h"

#include <charconv>
#include <sstream>
#include <string_view>

namespace disposable {

namespace {

std::string environment_name(std::string_view option) {
  std::string name = "DISPOSABLE_SECRETS_";
  for (const char c : option) {
    name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

// "500", "64M": with the largest unit that loses nothing.
std::string size_text(std::uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGT";
  std::size_t unit = 0;
  while (bytes >= kKiB && bytes % kKiB == 0 && unit < kUnits.size()) {
    bytes /= kKiB;
    ++unit;
  }
  return std::to_string(bytes) + (unit == 0 ? std::string{} : std::string(1, kUnits[unit - 1]));
}

std::string decimal_text(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

// A check of CLI11: empty when `text` is a plain decimal number in the range, otherwise what is wrong.
auto decimal_in(double least, double most) {
  return [least, most](const std::string& text) {
    double value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
    // "nan" is a number to from_chars and in no range.
    const bool holds = error == std::errc{} && stop == end && value >= least && value <= most;
    return holds ? std::string{} : text + " is not a number from " + decimal_text(least) + " to " + decimal_text(most);
  };
}

}  // namespace

CLI::Option* OptionTable::add(CLI::Option* option, const char* value_name, const std::string& now) {
  option->option_text(value_name)->envname(environment_name(option->get_single_name()))->group(group_);
  return option->default_str(now);
}

void OptionTable::bytes(const std::string& name, std::uint64_t& value, std::uint64_t least, std::uint64_t most,
                        const std::string& help) {
  const std::string now = size_text(value);
  add(app_.add_option(name, value, help + " (" + now + ")"), "BYTES", now)
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(least, most));
}

void OptionTable::seconds(const std::string& name, std::chrono::milliseconds& value, const std::string& help) {
  constexpr double kLeast = 0.1;
  constexpr double kMost = 86'400;
  const auto set = [&value](const double& typed) {
    value = std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(typed));
  };
  const std::string now = decimal_text(std::chrono::duration<double>(value).count());
  add(app_.add_option_function<double>(name, set, help + " (" + now + ")"), "SECONDS", now)
      ->check(decimal_in(kLeast, kMost));
}

void OptionTable::rate(const std::string& name, Rate& value, const std::string& what) {
  constexpr double kMost = 1'000'000;
  const std::string per_minute = decimal_text(value.per_minute);
  add(app_.add_option(name + "-per-minute", value.per_minute, what + " a minute, 0: no limit (" + per_minute + ")"),
      "N", per_minute)
      ->check(decimal_in(0, kMost));
  const std::string burst = decimal_text(value.burst);
  add(app_.add_option(name + "-burst", value.burst, "... and at once (" + burst + ")"), "N", burst)
      ->check(decimal_in(1, kMost));
}

void OptionTable::whole_seconds(const std::string& name, std::chrono::seconds& value, std::int64_t most,
                                const std::string& help) {
  const auto set = [&value](const std::int64_t& typed) { value = std::chrono::seconds(typed); };
  const std::string now = std::to_string(value.count());
  add(app_.add_option_function<std::int64_t>(name, set, help + " (" + now + ")"), "SECONDS", now)
      ->check(CLI::Range(std::int64_t{1}, most));
}

void OptionTable::octal(const std::string& name, unsigned& value, unsigned most, const std::string& help) {
  const auto set = [name, &value, most](const std::string& text) {
    constexpr int kBase = 8;
    unsigned typed = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, typed, kBase);
    if (error != std::errc{} || stop != end || typed > most) {
      throw CLI::ValidationError(name, text + " is not an octal mode");
    }
    value = typed;
  };
  std::ostringstream now;
  now << '0' << std::oct << value;
  add(app_.add_option_function<std::string>(name, set, help + " (" + now.str() + ")"), "MODE", now.str());
}

void OptionTable::flag(const std::string& name, bool& value, const std::string& help) {
  add(app_.add_flag(name, value, help), " ", {});
}

}  // namespace disposable
