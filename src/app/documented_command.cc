#include "app/documented_command.h"

#include <algorithm>

namespace disposable {

namespace {

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? std::string{} : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// CLI11 knows the choices of CLI::IsMember only as a part of the type's name: "TEXT:{one,other}".
std::vector<std::string> choices_in(const std::string& type_name) {
  const std::size_t begin = type_name.find('{');
  const std::size_t end = type_name.find('}');
  if (begin == std::string::npos || end == std::string::npos) {
    return {};
  }
  return CLI::detail::split(type_name.substr(begin + 1, end - begin - 1), ',');
}

DocumentedOption document_option(const CLI::Option& option) {
  DocumentedOption documented;
  for (const std::string& name : option.get_lnames()) {
    documented.names.push_back("--" + name);
  }
  for (const std::string& name : option.get_snames()) {
    documented.names.push_back("-" + name);
  }
  documented.positional = documented.names.empty();
  if (documented.positional) {
    documented.names.push_back(option.get_name(true));
  }
  documented.repeatable = option.get_items_expected_max() > 1;
  const std::string type_name = option.get_type_name();
  if (option.get_expected_max() != 0) {
    const std::string shown = trimmed(option.get_option_text());
    documented.value_name = shown.empty() ? type_name.substr(0, type_name.find(':')) : shown;
  }
  documented.help = option.get_description();
  documented.default_value = option.get_default_str();
  documented.environment = option.get_envname();
  documented.group = option.get_group();
  documented.choices = choices_in(type_name);
  return documented;
}

DocumentedCommand document_below(const CLI::App& app, const DocumentedCommand* above) {
  DocumentedCommand command;
  if (above != nullptr) {
    command.path = above->path;
    command.path.push_back(app.get_name());
    if (app.get_fallthrough()) {
      std::copy_if(above->options.begin(), above->options.end(), std::back_inserter(command.inherited),
                   [](const DocumentedOption& option) { return option.name() != "--help"; });
    }
  }
  command.description = app.get_description();
  command.footer = app.get_footer();
  command.needs_command = app.get_require_subcommand_min() > 0;
  for (const std::string& group : app.get_groups()) {
    for (const CLI::Option* option :
         app.get_options([&group](const CLI::Option* candidate) { return candidate->get_group() == group; })) {
      command.options.push_back(document_option(*option));
    }
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.commands.push_back(document_below(*below, &command));
  }
  return command;
}

}  // namespace

std::string DocumentedCommand::name() const { return CLI::detail::join(path, " "); }

DocumentedCommand document(const CLI::App& program) { return document_below(program, nullptr); }

std::vector<const DocumentedCommand*> with_all_below(const DocumentedCommand& command) {
  std::vector<const DocumentedCommand*> all = {&command};
  for (const DocumentedCommand& below : command.commands) {
    const std::vector<const DocumentedCommand*> more = with_all_below(below);
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

std::vector<DocumentedOption> accepted_options(const DocumentedCommand& command) {
  std::vector<DocumentedOption> options = command.options;
  options.insert(options.end(), command.inherited.begin(), command.inherited.end());
  return options;
}

}  // namespace disposable
