// DocumentedCommand: what --help says of a command, as plain data. Manual pages, the default configuration file and the
// completions are made from it, so none of them can disagree with --help.

#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace disposable {

struct DocumentedOption {
  std::vector<std::string> names;  // "--help", "-h"; of a positional "WHAT"
  bool positional = false;
  bool repeatable = false;
  std::string value_name;     // "FILE"; empty: it takes no value
  std::string help;           // as --help has it, with the default at its end
  std::string default_value;  // as one would type it; empty: none that can be typed
  std::string environment;    // variable; empty: none
  std::string group;
  std::vector<std::string> choices;  // empty: anything

  const std::string& name() const { return names.front(); }
};

struct DocumentedCommand {
  std::vector<std::string> path;  // "keys", "rotate"; empty: the program itself
  std::string description;
  std::string footer;
  std::vector<DocumentedOption> options;  // in the order of --help: group by group
  // Of the command above, when they may also stand behind this one.
  std::vector<DocumentedOption> inherited;
  std::vector<DocumentedCommand> commands;
  bool needs_command = false;

  std::string name() const;  // "keys rotate"
};

DocumentedCommand document(const CLI::App& program);

// `command` and all below it, each before those below it.
std::vector<const DocumentedCommand*> with_all_below(const DocumentedCommand& command);

// Everything that may stand behind `command`: its own options, then the inherited ones.
std::vector<DocumentedOption> accepted_options(const DocumentedCommand& command);

}  // namespace disposable
