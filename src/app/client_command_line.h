// The client's commands and their options, as CLI11 knows them. Only for command_line.cc.

#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "app/client_options.h"
#include "app/options.h"

namespace disposable {

// What is parsed lands in its members, so it must stay where it is from add to use.
class ClientCommandLine {
 public:
  ClientCommandLine() = default;
  ClientCommandLine(const ClientCommandLine&) = delete;
  ClientCommandLine& operator=(const ClientCommandLine&) = delete;

  void add(CLI::App& app);
  // After parsing; nothing when it was another command.
  std::optional<Command> command(const CLI::App& app) const;

 private:
  void add_share(CLI::App& app);
  void add_retrieve(CLI::App& app);
  void add_request(CLI::App& app);
  void add_generate(CLI::App& app);

  ShareOptions share_;
  RetrieveOptions retrieve_;
  StatusOptions status_;
  DeleteOptions delete_;
  StatusOptions receipt_;
  RequestOptions request_;
  GenerateOptions generate_;
};

// "90s", "30m", "1h", "7d". Nothing for anything else, and for nothing at all.
std::optional<std::chrono::seconds> parse_duration(const std::string& text);

}  // namespace disposable
