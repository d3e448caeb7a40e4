#include "app/shell_completions.h"

namespace disposable {

namespace {

std::string quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' || c == '\\' ? std::string{'\\', c} : std::string{c};
  }
  return quoted + "'";
}

// A function that tells whether the words before the cursor name this command; the values of options are none.
std::string find_command(const DocumentedCommand& program) {
  std::vector<std::string> valued;
  for (const DocumentedOption& option : options_with_values(program)) {
    valued.push_back(option.name());
  }
  std::vector<std::string> names;
  for (const DocumentedCommand* command : with_all_below(program)) {
    if (!command->path.empty()) {
      names.push_back(quoted(command->name()));
    }
  }
  return "function __disposable_secrets_at --argument-names wanted\n    set -l command\n    set -l value_next no\n"
         "    for word in (commandline -opc)[2..]\n        if test $value_next = yes\n            set value_next no\n"
         "            continue\n        end\n        switch $word\n            case " +
         joined(valued, " ") +
         "\n                set value_next yes\n            case '-*'\n            case '*'\n"
         "                if contains -- \"$command$word\" " +
         joined(names, " ") +
         "\n                    set command \"$command$word \"\n                end\n        end\n    end\n"
         "    test \"$command\" = \"$wanted\"\nend\n";
}

std::string values(const DocumentedOption& option) {
  switch (value_kind(option)) {
    case ValueKind::kNone:
      return {};
    case ValueKind::kChoice:
      return " -x -a " + quoted(joined(option.choices, " "));
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kFolder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kOther:
      break;
  }
  return " -x";
}

std::string complete_option(const std::string& begin, const DocumentedOption& option) {
  if (option.positional) {
    return begin + values(option) + "\n";
  }
  std::string text = begin;
  for (const std::string& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return text + values(option) + " -d " + quoted(option.help) + "\n";
}

}  // namespace

std::string fish_completion(const DocumentedCommand& program) {
  std::string text = "# fish completion of disposable-secrets, made by 'disposable-secrets document fish'.\n" +
                     find_command(program) + "complete -c disposable-secrets -f\n";
  for (const DocumentedCommand* command : with_all_below(program)) {
    // As the function has it: with a space behind each word.
    const std::string at = command->path.empty() ? "" : command->name() + " ";
    const std::string begin = "complete -c disposable-secrets -n \"__disposable_secrets_at " + quoted(at) + "\"";
    for (const DocumentedCommand& below : command->commands) {
      text += begin + " -a " + below.path.back() + " -d " + quoted(below.description) + "\n";
    }
    for (const DocumentedOption& option : accepted_options(*command)) {
      text += complete_option(begin, option);
    }
  }
  return text;
}

}  // namespace disposable
