#include <map>

#include "app/shell_completions.h"

namespace disposable {

namespace {

// bash breaks words at '=', so that --option=value is three of them.
constexpr const char* kBegin = R"(# bash completion of disposable-secrets, made by 'disposable-secrets document bash'.
_disposable_secrets() {
  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} command="" commands="" options="" word i
  COMPREPLY=()
  if [[ $current == = ]]; then
    current=""
  elif [[ $option == = ]]; then
    option=${COMP_WORDS[COMP_CWORD - 2]}
  fi
)";
constexpr const char* kEnd = R"(  if [[ $current != -* && -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  fi
}
complete -F _disposable_secrets disposable-secrets
)";

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// Which command the words before the cursor name; the values of options are none.
std::string find_command(const DocumentedCommand& program) {
  std::vector<std::string> steps;
  for (const DocumentedCommand* command : with_all_below(program)) {
    if (!command->path.empty()) {
      const std::vector<std::string> above(command->path.begin(), command->path.end() - 1);
      steps.push_back(quoted(joined(above, " ") + " " + command->path.back()));
    }
  }
  std::vector<std::string> valued;
  for (const DocumentedOption& option : options_with_values(program)) {
    valued.push_back(option.name());
  }
  return "  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n    case $word in\n      " +
         joined(valued, " | ") +
         ")\n        ((i += 1))\n        [[ ${COMP_WORDS[i]} != = ]] || ((i += 1))\n        continue\n        ;;\n"
         "    esac\n    case \"$command $word\" in\n      " +
         joined(steps, " | ") + ") command+=${command:+ }$word ;;\n    esac\n  done\n";
}

std::string reply(const std::string& compgen) {
  return "compopt -o filenames 2>/dev/null\n      mapfile -t COMPREPLY < <(compgen " + compgen + " -- \"$current\")\n";
}

std::string values(const DocumentedOption& option) {
  switch (value_kind(option)) {
    case ValueKind::kChoice:
      return "mapfile -t COMPREPLY < <(compgen -W " + quoted(joined(option.choices, " ")) + " -- \"$current\")\n";
    case ValueKind::kFile:
      return reply("-f");
    case ValueKind::kFolder:
      return reply("-d");
    case ValueKind::kNone:
    case ValueKind::kOther:
      break;
  }
  return ":\n";
}

// What the word before the cursor asks for, when it is an option with a value.
std::string complete_values(const DocumentedCommand& program) {
  std::map<std::string, std::vector<std::string>> options_by_values;
  for (const DocumentedOption& option : options_with_values(program)) {
    options_by_values[values(option)].push_back(option.name());
  }
  std::string text = "  case $option in\n";
  for (const auto& [what, options] : options_by_values) {
    text += "    " + joined(options, " | ") + ")\n      " + what + "      return\n      ;;\n";
  }
  return text + "  esac\n";
}

std::string complete_command(const DocumentedCommand& command) {
  std::vector<std::string> options;
  std::vector<std::string> commands;
  std::string positional;
  for (const DocumentedOption& option : accepted_options(command)) {
    if (!option.positional) {
      options.insert(options.end(), option.names.begin(), option.names.end());
    } else if (value_kind(option) == ValueKind::kChoice) {
      commands.insert(commands.end(), option.choices.begin(), option.choices.end());
    } else {
      positional = "      if [[ $current != -* ]]; then\n      " + values(option) + "      return\n      fi\n";
    }
  }
  for (const DocumentedCommand& below : command.commands) {
    commands.push_back(below.path.back());
  }
  return "    " + quoted(command.name()) + ")\n" + positional + "      commands=" + quoted(joined(commands, " ")) +
         "\n      options=" + quoted(joined(options, " ")) + "\n      ;;\n";
}

}  // namespace

std::string bash_completion(const DocumentedCommand& program) {
  std::string text = kBegin + find_command(program) + complete_values(program) + "  case $command in\n";
  for (const DocumentedCommand* command : with_all_below(program)) {
    text += complete_command(*command);
  }
  return text + "  esac\n" + kEnd;
}

}  // namespace disposable
