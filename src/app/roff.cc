#include "app/roff.h"

#include "app/build_commit.h"

namespace disposable {

namespace {

std::string option_tag(const DocumentedOption& option) {
  std::string tag;
  for (const std::string& name : option.names) {
    tag += (tag.empty() ? "" : ", ") + (option.positional ? roff_italic(name) : roff_bold(name));
  }
  return option.positional || option.value_name.empty() ? tag : tag + " " + roff_italic(option.value_name);
}

std::string roff_word(std::string_view word) {
  std::string roff;
  for (const char c : word) {
    switch (c) {
      case '\\':
        roff += "\\e";
        break;
      case '-':
        roff += "\\-";
        break;
      case '\'':
        roff += "\\(aq";
        break;
      case '`':
        roff += "\\(ga";
        break;
      case '~':
        roff += "\\(ti";
        break;
      case '^':
        roff += "\\(ha";
        break;
      default:
        roff += c;
    }
  }
  return roff;
}

}  // namespace

std::string roff_text(std::string_view text) {
  constexpr std::size_t kLineMost = 78;
  std::string roff;
  std::size_t line_begin = 0;
  for (const std::string& word : CLI::detail::split(std::string(text), ' ')) {
    const std::string shown = roff_word(word);
    if (!roff.empty()) {
      const bool fits = roff.size() - line_begin + 1 + shown.size() <= kLineMost;
      line_begin = fits ? line_begin : roff.size() + 1;
      roff += fits ? ' ' : '\n';
    }
    roff += (roff.size() == line_begin && shown.starts_with('.') ? "\\&" : "") + shown;
  }
  return roff;
}

std::string roff_bold(std::string_view text) { return "\\fB" + roff_text(text) + "\\fR"; }

std::string roff_italic(std::string_view text) { return "\\fI" + roff_text(text) + "\\fR"; }

std::string roff_item(const std::string& tag, std::string_view text) {
  return ".TP\n" + tag + "\n" + roff_text(text) + "\n";
}

std::string roff_options(const std::vector<DocumentedOption>& options,
                         std::string (*group_heading)(const std::string& group)) {
  std::string roff;
  std::string group;
  for (const DocumentedOption& option : options) {
    if (option.group != group) {
      group = option.group;
      roff += group_heading(group);
    }
    roff += roff_item(option_tag(option), option.help);
  }
  return roff;
}

std::string roff_title(std::string_view name, int section, std::string_view manual) {
  return ".\\\" Made by 'disposable-secrets document'.\n.TH " + roff_text(name) + " " + std::to_string(section) +
         " \"" + kBuildDate + "\" \"disposable\\-secrets " + DISPOSABLE_VERSION + "\" \"" + std::string(manual) +
         "\"\n";
}

}  // namespace disposable
