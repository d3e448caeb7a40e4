#include "app/shell_completions.h"

namespace disposable {

namespace {

// Within the single quotes of an argument of _arguments or _describe.
std::string escaped(const std::string& text, const std::string& special) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\'') {
      escaped += "'\\''";
    } else if (special.find(c) != std::string::npos) {
      escaped += std::string{'\\', c};
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string function_name(const DocumentedCommand& command) {
  std::string name = "_disposable-secrets";
  for (const std::string& word : command.path) {
    name += "_" + word;
  }
  return name;
}

std::string message_and_action(const DocumentedOption& option) {
  const std::string message = ":" + escaped(option.positional ? option.name() : option.value_name, ":\\");
  switch (value_kind(option)) {
    case ValueKind::kNone:
      return {};
    case ValueKind::kChoice:
      return message + ":(" + joined(option.choices, " ") + ")";
    case ValueKind::kFile:
      return message + ":_files";
    case ValueKind::kFolder:
      return message + ":_path_files -/";  // _files would offer files when there is no folder
    case ValueKind::kOther:
      break;
  }
  return message + ": ";
}

// One or more arguments of _arguments, each in a line.
std::string specification(const DocumentedOption& option) {
  if (option.positional) {
    return "    '" + message_and_action(option) + "' \\\n";
  }
  const std::string behind = (option.value_name.empty() ? "[" : "=[") + escaped(option.help, "[]\\") + "]" +
                             message_and_action(option) + "' \\\n";
  if (option.names.size() == 1) {
    return "    '" + std::string(option.repeatable ? "*" : "") + option.name() + behind;
  }
  const std::string begin = "    '(" + joined(option.names, " ") + ")";
  std::string text;
  for (const std::string& name : option.names) {
    text.append(begin).append(name).append(behind);
  }
  return text;
}

std::string function(const DocumentedCommand& command) {
  std::string text = function_name(command) + "() {\n";
  if (!command.commands.empty()) {
    text += "  local context state state_descr line\n  typeset -A opt_args\n";
  }
  text += command.commands.empty() ? "  _arguments \\\n" : "  _arguments -C \\\n";
  for (const DocumentedOption& option : accepted_options(command)) {
    text += specification(option);
  }
  if (command.commands.empty()) {
    return text.substr(0, text.size() - 3) + "\n}\n\n";
  }
  text +=
      "    '1:command:->command' '*::argument:->argument'\n  case $state in\n    command)\n      local -a commands=(\n";
  for (const DocumentedCommand& below : command.commands) {
    text += "        '" + below.path.back() + ":" + escaped(below.description, ":\\") + "'\n";
  }
  text += "      )\n      _describe -t commands command commands\n      ;;\n    argument)\n      case $line[1] in\n";
  for (const DocumentedCommand& below : command.commands) {
    text += "        " + below.path.back() + ") " + function_name(below) + " ;;\n";
  }
  return text + "      esac\n      ;;\n  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const DocumentedCommand& program) {
  std::string text =
      "#compdef disposable-secrets\n"
      "# zsh completion of disposable-secrets, made by 'disposable-secrets document zsh'.\n\n";
  for (const DocumentedCommand* command : with_all_below(program)) {
    text += function(*command);
  }
  // Loaded by compinit the file is the body of a function; sourced it is not.
  return text +
         "if [[ $funcstack[1] = _disposable-secrets ]]; then\n  _disposable-secrets \"$@\"\nelse\n"
         "  compdef _disposable-secrets disposable-secrets\nfi\n";
}

}  // namespace disposable
