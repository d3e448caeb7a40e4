// Options: the command line, the environment and the configuration file, parsed and validated once.
//
// Precedence: command line, then environment (DISPOSABLE_SECRETS_...), then the file named by --config, then defaults.
// Nothing below src/app reads the environment.

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "app/client_options.h"
#include "app/installation.h"
#include "app/page_brand.h"
#include "app/token_command.h"
#include "base/log.h"
#include "base/result.h"
#include "http/limits.h"

namespace disposable {

inline constexpr const char* kListenDefault = "127.0.0.1:8000";
struct ServeOptions {
  Paths paths;
  std::string config;  // empty: none
  Backends backends;

  // Where to listen, as typed: HOST:PORT, [V6]:PORT, unix:/path, fd:NAME or systemd, each with an optional http:// or
  // https:// before it; http/endpoint.h. Empty: the sockets that systemd passed, and without any kListenDefault.
  std::vector<std::string> listen;
  unsigned listen_mode = 0660;  // of Unix sockets
  std::string metrics_listen;   // empty: none
  // Both or none.
  std::string tls_certificate;
  std::string tls_key;
  std::vector<std::string> trusted_proxies;  // CIDR, as typed
  std::vector<std::string> creators;         // http/creators.h, as typed; empty: everybody
  std::string webhooks = "nobody";           // http/webhooks.h, as typed
  std::string webhook_url;                   // of who is told of every secret; empty: nobody
  std::string webhook_key_file;              // with it, or none
  std::vector<std::string> webhook_allow;    // CIDR, as typed

  int loops = 0;  // event loops; 0: automatic
  int workers = 32;
  std::uint64_t cache_bytes = 16ULL << 20U;
  std::uint64_t secret_bytes_max = 1ULL << 20U;
  std::uint64_t upload_bytes_max = 25ULL << 20U;
  std::chrono::seconds ttl_max{2'592'000};
  Limits limits;
  PageOptions page;

  std::string log_level;  // error, warning, info, request, debug; empty: automatic
  bool no_sandbox = false;
};

struct AuditListOptions {
  Paths paths;
  Backends backends;
  std::string secret_key;  // empty: all
  std::string action;      // empty: all
  std::string since;       // empty: all
  int limit = 100;
  bool json = false;
};

struct AuditVerifyOptions {
  Paths paths;
  Backends backends;
  bool json = false;
};

struct KeysOptions {
  enum class What : std::uint8_t { kCreate, kRotate };
  What what = What::kCreate;
  Paths paths;
  Backends backends;
  bool json = false;
};

struct BackupOptions {
  Paths paths;
  std::filesystem::path folder;
  bool json = false;
};

struct RestoreOptions {
  Paths paths;
  std::filesystem::path folder;
  bool json = false;
};

// What is moved, as typed: app/migrate_command.h.
struct MigrateOptions {
  Paths paths;
  std::vector<std::string> from;
  std::vector<std::string> to;
  bool accept_data_loss = false;
  bool json = false;
};

struct DoctorOptions {
  ServeOptions serve;
  bool json = false;
};

struct VersionOptions {
  bool json = false;
};

// What `document` can make.
inline constexpr std::array<const char*, 6> kGenerated = {"manual", "manual-conf", "config", "bash", "zsh", "fish"};

struct DocumentOptions {
  std::string what;
};

using Command =
    std::variant<ServeOptions, AuditListOptions, AuditVerifyOptions, KeysOptions, BackupOptions, RestoreOptions,
                 MigrateOptions, DoctorOptions, TokenOptions, VersionOptions, DocumentOptions, ShareOptions,
                 RetrieveOptions, StatusOptions, DeleteOptions, RequestOptions, GenerateOptions>;

// What to do instead of a command: text for stdout (help) or stderr (a usage error), and the exit code.
struct Exit {
  int code = 0;
  std::string text;
};

// Whether a service with these options calls webhooks.
bool calls_webhooks(const ServeOptions& options);

// What --log-level means; without it, the format's default.
LogLevel log_level(const ServeOptions& options, Log::Format format);

std::variant<Command, Exit> parse_options(int argc, const char* const* argv);

// The options after a reload: `limits`, `log_level`, `trusted_proxies`, `creators`, `tls_certificate` and `tls_key` are
// new; everything else is what the service runs with.
struct ReloadedOptions {
  ServeOptions options;
  std::vector<std::string> needs_restart;  // names of options that were changed and are not in force
};

// Parses the same command line again, with the configuration file read anew. An error changes nothing; its detail is
// one line for the operator.
Result<ReloadedOptions> reload_options(int argc, const char* const* argv, const ServeOptions& running);

}  // namespace disposable
