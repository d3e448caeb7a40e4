// The options of `serve`, one line each: name, range, default, help. Only for command_line.cc.

#pragma once

#include <CLI/CLI.hpp>

#include "app/options.h"

namespace disposable {

// What the data folder, the key file and the configuration file were called; shared with the other commands.
struct RawPaths {
  std::string data_dir;
  std::string key_file;
  std::string token_file;
  std::string config;
};

// What --store and --audit may say beside a URL, against the variables that name servers: in the data folder.
inline constexpr std::string_view kStoreHere = "rocksdb:";
inline constexpr std::string_view kAuditLogHere = "sqlite:";

// Parts of what `serve` takes, for commands that need no more.
void add_store(CLI::App& command, Backends& backends);
void add_audit_log(CLI::App& command, Backends& backends);
void add_accept_data_loss(CLI::App& command, Backends& backends);
void add_paths(CLI::App& command, RawPaths& paths);
void add_data_dir(CLI::App& command, RawPaths& paths);
void add_config(CLI::App& command, RawPaths& paths);
void add_token_file(CLI::App& command, RawPaths& paths);
// `options` must outlive the parsing and keeps what is parsed, but for the paths.
void add_serve(CLI::App& serve, RawPaths& paths, ServeOptions& options);

// What a configuration file may hold beside the options of `command`: other commands than `serve` take what they need.
enum class Unknown : std::uint8_t { kMistake, kOfServe };
// Gives the options that neither the command line nor the environment set what the file says. Throws CLI::Error for a
// value that an option does not take, like parsing itself.
Result<void> apply_config(CLI::App& command, const std::string& file, Unknown unknown);
// What no single option can tell.
Result<void> check_together(const ServeOptions& options);
// The names of the options that hold for the life of the process and are not the same.
std::vector<std::string> differences(const ServeOptions& a, const ServeOptions& b);

}  // namespace disposable
