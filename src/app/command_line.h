// CommandLine: the commands of the program and their options, as CLI11 knows them. Only for src/app.
//
// What is parsed lands in its members, so it must stay where it is from add to use: it cannot be copied or moved.

#pragma once

#include <CLI/CLI.hpp>

#include "app/client_command_line.h"
#include "app/serve_options.h"

namespace disposable {

class CommandLine {
 public:
  CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App& app() { return app_; }
  // Gives the options that neither the command line nor the environment set what the configuration file says, if one is
  // named, and checks what no single option can tell. Throws CLI::Error like parsing itself.
  Result<void> apply_config();
  // After parsing. The names of the commands are only here and in the constructor.
  Command command() const;

 private:
  // Which store and audit log are meant, also by app/specification_environment.h, where the options do not say it.
  Result<void> follow_specification();
  void add_operations();
  void add_token();
  void add_document();
  void add_migrate();

  CLI::App app_;
  RawPaths paths_;
  ServeOptions serve_;
  AuditListOptions audit_;
  std::string folder_;
  MigrateOptions migrate_;
  TokenOptions token_;
  DocumentOptions document_;
  ClientCommandLine client_;
  bool json_ = false;
};

}  // namespace disposable
