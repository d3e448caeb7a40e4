// Options: the command line, the environment and the configuration file, parsed and validated once.
//
// Precedence: command line, then environment (DISPOSABLE_SECRETS_...), then the file named by --config, then defaults.
// Nothing below src/app reads the environment.

#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>

#include "base/result.h"

namespace disposable {

struct Paths {
  std::filesystem::path data_dir;
  std::filesystem::path key_file;

  std::filesystem::path store() const { return data_dir / "store"; }
  std::filesystem::path audit_log() const { return data_dir / "audit.db"; }
};

struct ServeOptions {
  Paths paths;
  std::string host = "127.0.0.1";
  int port = 8000;  // 0: any free port
  int workers = 288;
  std::uint64_t cache_bytes = 16ULL << 20U;
  std::uint64_t secret_bytes_max = 1ULL << 20U;
  std::chrono::seconds ttl_max{2'592'000};
};

struct AuditListOptions {
  Paths paths;
  std::string secret_key;  // empty: all
  std::string action;      // empty: all
  std::string since;       // empty: all
  int limit = 100;
  bool json = false;
};

struct AuditVerifyOptions {
  Paths paths;
  bool json = false;
};

struct VersionOptions {
  bool json = false;
};

using Command = std::variant<ServeOptions, AuditListOptions, AuditVerifyOptions, VersionOptions>;

// What to do instead of a command: text for stdout (help) or stderr (a usage error), and the exit code.
struct Exit {
  int code = 0;
  std::string text;
};

std::variant<Command, Exit> parse_options(int argc, const char* const* argv);

}  // namespace disposable
