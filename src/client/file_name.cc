#include "client/file_name.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

constexpr std::size_t kNameMost = 200;  // of 255 that file systems allow, so that a number has room
constexpr std::size_t kEndingMost = 16;
constexpr std::string_view kNotOnWindows = "<>:\"|?*";
constexpr std::string_view kBadAtBegin = ".~ -";
constexpr std::string_view kDroppedAtEnd = ". ";

std::string_view first_character(std::string_view text) {
  return text.substr(0, std::max<std::size_t>(first_utf8(text).length, 1));
}

std::string without_harm(std::string_view name) {
  std::string safe;
  while (!name.empty()) {
    const std::string_view character = first_character(name);
    name.remove_prefix(character.size());
    const bool harmless = harmless_name(character) == character && kNotOnWindows.find(character) == std::string::npos;
    safe += harmless ? character : std::string_view("_");
  }
  if (!safe.empty() && kBadAtBegin.find(safe.front()) != std::string_view::npos) {
    safe.front() = '_';
  }
  return safe;
}

// Its ending stays, when it is one.
std::string shortened(std::string_view name) {
  if (name.size() <= kNameMost) {
    return std::string(name);
  }
  const std::size_t dot = name.rfind('.');
  const bool has_ending = dot != std::string_view::npos && name.size() - dot <= kEndingMost;
  const std::string_view ending = has_ending ? name.substr(dot) : std::string_view();
  std::size_t stem = 0;
  for (;;) {
    const std::size_t length = first_character(name.substr(stem)).size();
    if (stem + length + ending.size() > kNameMost) {
      return std::string(name.substr(0, stem)) + std::string(ending);
    }
    stem += length;
  }
}

// CON, COM1 and the like, with whatever ending: Windows opens the device.
bool names_device(std::string_view name) {
  std::string stem(name.substr(0, name.find('.')));
  std::transform(stem.begin(), stem.end(), stem.begin(),
                 [](char each) { return each >= 'A' && each <= 'Z' ? static_cast<char>(each - 'A' + 'a') : each; });
  constexpr std::array<std::string_view, 4> kDevices{"con", "prn", "aux", "nul"};
  const bool numbered = stem.size() == 4 && stem[3] >= '0' && stem[3] <= '9';
  return std::find(kDevices.begin(), kDevices.end(), stem) != kDevices.end() ||
         (numbered && (stem.starts_with("com") || stem.starts_with("lpt")));
}

}  // namespace

std::string safe_file_name(std::string_view name) {
  const std::size_t separator = name.find_last_of("/\\");
  name.remove_prefix(separator == std::string_view::npos ? 0 : separator + 1);
  std::string safe = shortened(without_harm(name));
  safe.erase(safe.find_last_not_of(kDroppedAtEnd) + 1);
  if (safe.find_first_not_of('_') == std::string::npos) {
    return "file";
  }
  return names_device(safe) ? "_" + safe : safe;
}

std::string numbered_file_name(std::string_view name, int number) {
  const std::size_t dot = name.rfind('.');
  const std::string_view stem = name.substr(0, dot == 0 ? std::string_view::npos : dot);
  return std::string(stem) + " (" + std::to_string(number) + ")" + std::string(name.substr(stem.size()));
}

}  // namespace disposable
