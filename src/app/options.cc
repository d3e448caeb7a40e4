#include "app/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>

namespace disposable {

namespace {

struct Raw {
  std::string listen = "127.0.0.1:8000";
  std::string data_dir;
  std::string key_file;
  std::string config;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string{} : std::string(value);
}

// The XDG base directory specification's default, so that a laptop needs no option at all.
std::filesystem::path default_data_dir() {
  const std::string data_home = environment("XDG_DATA_HOME");
  if (!data_home.empty()) {
    return std::filesystem::path(data_home) / "disposable-secrets";
  }
  const std::string home = environment("HOME");
  return std::filesystem::path(home.empty() ? "." : home) / ".local/share/disposable-secrets";
}

// The keyring's default place is beside the data folder, not inside: a copy of the one must not hold the other.
Paths resolve(const Raw& raw) {
  Paths paths;
  paths.data_dir = raw.data_dir.empty() ? default_data_dir() : std::filesystem::path(raw.data_dir);
  if (!paths.data_dir.has_filename()) {
    paths.data_dir = paths.data_dir.parent_path();  // "folder/" is "folder"
  }
  paths.key_file = raw.key_file.empty() ? paths.data_dir.string() + ".keyring" : raw.key_file;
  return paths;
}

void add_paths(CLI::App& command, Raw& raw) {
  command
      .add_option("--data-dir", raw.data_dir,
                  "Folder of store and audit log (default: ~/.local/share/disposable-secrets)")
      ->envname("DISPOSABLE_SECRETS_DATA_DIR");
  command
      .add_option("--key-file", raw.key_file,
                  "The keyring, kept apart from the data (default: the data folder's name with .keyring)")
      ->envname("DISPOSABLE_SECRETS_KEY_FILE");
}

void add_serve(CLI::App& serve, Raw& raw, ServeOptions& options) {
  add_paths(serve, raw);
  serve.add_option("--listen", raw.listen, "Address as HOST:PORT or [V6]:PORT")
      ->envname("DISPOSABLE_SECRETS_LISTEN")
      ->capture_default_str();
  serve.add_option("--workers", options.workers, "Requests worked on at once")
      ->envname("DISPOSABLE_SECRETS_WORKERS")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  serve.add_option("--cache-bytes", options.cache_bytes, "Memory of the entry cache")
      ->envname("DISPOSABLE_SECRETS_CACHE_BYTES")
      ->check(CLI::Range(std::uint64_t{1} << 20U, std::uint64_t{1} << 40U))
      ->capture_default_str();
  serve.add_option("--secret-bytes-max", options.secret_bytes_max, "Longest secret in bytes of UTF-8")
      ->envname("DISPOSABLE_SECRETS_SECRET_BYTES_MAX")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{16} << 20U))
      ->capture_default_str();
  serve
      .add_option_function<std::int64_t>(
          "--ttl-max", [&options](const std::int64_t& seconds) { options.ttl_max = std::chrono::seconds(seconds); },
          "Longest ttl_seconds (default: 2592000, 30 days)")
      ->envname("DISPOSABLE_SECRETS_TTL_MAX")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{315'360'000}));
  serve.add_option("--config", raw.config, "File of NAME=VALUE lines, named like the options")
      ->envname("DISPOSABLE_SECRETS_CONFIG");
}

// What neither the command line nor the environment said. CLI11's own configuration support is not used: it lets the
// file win over the environment.
Result<void> apply_config(CLI::App& serve, const std::string& path) {
  std::vector<CLI::ConfigItem> items;
  try {
    items = CLI::ConfigINI().from_file(path);
  } catch (const CLI::Error&) {
    return fail(Errc::kInvalidArgument, "the configuration file " + path + " cannot be read");
  }
  for (const CLI::ConfigItem& item : items) {
    CLI::Option* option = serve.get_option_no_throw("--" + item.name);
    if (option == nullptr || !item.parents.empty() || item.name == "config" || item.name == "help") {
      return fail(Errc::kInvalidArgument,
                  "the configuration file " + path + " has an unknown line: " + item.fullname());
    }
    if (option->count() == 0) {
      option->add_result(item.inputs);
      option->run_callback();
    }
  }
  return {};
}

// HOST:PORT, [V6]:PORT. False when it is neither.
bool parse_listen(const std::string& text, ServeOptions& options) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return false;
  }
  options.host = text.substr(0, colon);
  const std::string port = text.substr(colon + 1);
  const bool bracketed = options.host.front() == '[' && options.host.back() == ']';
  if (bracketed) {
    options.host = options.host.substr(1, options.host.size() - 2);
  }
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || options.host.empty() || (!bracketed && options.host.find(':') != std::string::npos)) {
    return false;
  }
  options.port = std::stoi(port);
  return options.port <= 65535;
}

Exit usage_error(const std::string& message) {
  return {2, "disposable-secrets: error: " + message + "\nhint: try 'disposable-secrets --help'\n"};
}

}  // namespace

std::variant<Command, Exit> parse_options(int argc, const char* const* argv) {
  CLI::App app{"Keep a secret, hand it out once.", "disposable-secrets"};
  app.require_subcommand(1);
  Raw raw;
  ServeOptions serve_options;
  AuditListOptions list;
  bool version_json = false;

  CLI::App* serve = app.add_subcommand("serve", "Run the service");
  add_serve(*serve, raw, serve_options);

  CLI::App* audit = app.add_subcommand("audit", "List the audit log; works while the service runs");
  add_paths(*audit, raw);
  audit->add_option("--secret-key", list.secret_key, "Only the rows of this secret (needs the key file)");
  audit->add_option("--action", list.action, "Only created, retrieved, deleted, expired, denied or locked");
  audit->add_option("--since", list.since,
                    "Only from this time on: 2026-11-22, 2026-11-22T14:05:00Z or 90s, 15m, 24h, 7d");
  audit->add_option("--limit", list.limit, "At most this many of the newest rows")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  audit->add_flag("--json", list.json, "One JSON object a line");
  CLI::App* verify = audit->add_subcommand("verify", "Check the hash chain of the whole audit log");
  verify->fallthrough();

  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->add_flag("--json", version_json, "With commit, compiler and every linked library");

  try {
    app.parse(argc, argv);
    if (serve->parsed() && !raw.config.empty()) {
      const Result<void> applied = apply_config(*serve, raw.config);
      if (!applied) {
        return usage_error(applied.error().detail);
      }
    }
  } catch (const CLI::CallForHelp&) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    return Exit{0, chosen.empty() ? app.help() : chosen.front()->help()};
  } catch (const CLI::RequiredError&) {
    const bool named = argc > 1 && argv[1][0] != '-';
    return usage_error(named ? "unknown command: " + std::string(argv[1])
                             : "a command is required: serve, audit or version");
  } catch (const CLI::Error& error) {
    return usage_error(error.what());
  }

  if (serve->parsed()) {
    if (!parse_listen(raw.listen, serve_options)) {
      return usage_error("--listen needs HOST:PORT, for example 127.0.0.1:8000 or [::1]:8000");
    }
    serve_options.paths = resolve(raw);
    return serve_options;
  }
  if (verify->parsed()) {
    return AuditVerifyOptions{resolve(raw), list.json};
  }
  if (audit->parsed()) {
    list.paths = resolve(raw);
    return list;
  }
  return VersionOptions{version_json};
}

}  // namespace disposable
