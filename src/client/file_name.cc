#include "client/file_name.h"

#include "base/utf8.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

constexpr std::size_t kNameMost = 200;  // of 255 that file systems allow, so that a number has room

}  // namespace

std::string safe_file_name(std::string_view name) {
  const std::size_t separator = name.find_last_of("/\\");
  name.remove_prefix(separator == std::string_view::npos ? 0 : separator + 1);
  std::string safe;
  while (!name.empty() && safe.size() < kNameMost) {
    const std::size_t length = first_utf8(name).length;
    const std::string_view character = name.substr(0, length == 0 ? 1 : length);
    name.remove_prefix(character.size());
    const bool shown_as_it_is = length != 0 && harmless_name(character) == character;
    const bool bad_first = safe.empty() && (character == "." || character == "-" || character == " ");
    if (safe.size() + character.size() > kNameMost) {
      break;
    }
    safe += shown_as_it_is && !bad_first ? character : std::string_view("_");
  }
  return safe.find_first_not_of('_') == std::string::npos ? "file" : safe;
}

std::string numbered_file_name(std::string_view name, int number) {
  const std::size_t dot = name.rfind('.');
  const std::string_view stem = name.substr(0, dot == 0 ? std::string_view::npos : dot);
  return std::string(stem) + " (" + std::to_string(number) + ")" + std::string(name.substr(stem.size()));
}

}  // namespace disposable
