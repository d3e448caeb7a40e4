#include "app/shell_completions.h"

#include <set>

namespace disposable {

ValueKind value_kind(const DocumentedOption& option) {
  if (!option.choices.empty()) {
    return ValueKind::kChoice;
  }
  const std::string& name = option.value_name;
  if (name.empty()) {
    return ValueKind::kNone;
  }
  if (name == "FILE") {
    return ValueKind::kFile;
  }
  return name == "FOLDER" || name == "DIR" ? ValueKind::kFolder : ValueKind::kOther;
}

std::vector<DocumentedOption> options_with_values(const DocumentedCommand& program) {
  std::vector<DocumentedOption> found;
  std::set<std::string> names;
  for (const DocumentedCommand* command : with_all_below(program)) {
    for (const DocumentedOption& option : command->options) {
      if (!option.positional && !option.value_name.empty() && names.insert(option.name()).second) {
        found.push_back(option);
      }
    }
  }
  return found;
}

std::string joined(const std::vector<std::string>& texts, const std::string& between) {
  return CLI::detail::join(texts, between);
}

}  // namespace disposable
