#include "app/options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "app/serve_options.h"

namespace disposable {

namespace {

// What is wrong with the arguments: one line.
struct Mistake {
  std::string message;
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
Paths resolve(const RawPaths& raw) {
  Paths paths;
  paths.data_dir = raw.data_dir.empty() ? default_data_dir() : std::filesystem::path(raw.data_dir);
  if (!paths.data_dir.has_filename()) {
    paths.data_dir = paths.data_dir.parent_path();  // "folder/" is "folder"
  }
  paths.key_file = raw.key_file.empty() ? paths.data_dir.string() + ".keyring" : raw.key_file;
  return paths;
}

void add_audit(CLI::App& audit, RawPaths& paths, AuditListOptions& list) {
  add_paths(audit, paths);
  audit.add_option("--secret-key", list.secret_key, "Only the rows of this secret (needs the key file)");
  audit.add_option("--action", list.action, "Only created, retrieved, deleted, expired, denied or locked");
  audit.add_option("--since", list.since,
                   "Only from this time on: 2026-11-22, 2026-11-22T14:05:00Z or 90s, 15m, 24h, 7d");
  audit.add_option("--limit", list.limit, "At most this many of the newest rows")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  audit.add_flag("--json", list.json, "One JSON object a line");
}

// The command whose help has the options that were meant; empty, or with a space behind it.
std::string help_for(int argc, const char* const* argv) {
  const std::string named = argc > 1 ? argv[1] : "";
  return named == "serve" || named == "audit" || named == "version" ? named + " " : "";
}

std::variant<Command, Exit, Mistake> parse(int argc, const char* const* argv) {
  CLI::App app{"Keep a secret, hand it out once.", "disposable-secrets"};
  app.require_subcommand(1);
  RawPaths raw;
  ServeOptions serve_options;
  AuditListOptions list;
  bool version_json = false;

  CLI::App* serve = app.add_subcommand("serve", "Run the service");
  add_serve(*serve, raw, serve_options);
  CLI::App* audit = app.add_subcommand("audit", "List the audit log; works while the service runs");
  add_audit(*audit, raw, list);
  CLI::App* verify = audit->add_subcommand("verify", "Check the hash chain of the whole audit log");
  verify->fallthrough();
  CLI::App* version = app.add_subcommand("version", "Print the version");
  version->add_flag("--json", version_json, "With commit, compiler, every linked library and the kernel's sandbox");

  try {
    app.parse(argc, argv);
    if (serve->parsed()) {
      Result<void> applied;
      if (!serve_options.config.empty()) {
        applied = apply_config(*serve, serve_options.config);
      }
      if (applied) {
        applied = check_together(serve_options);
      }
      if (!applied) {
        return Mistake{applied.error().detail};
      }
    }
  } catch (const CLI::CallForHelp&) {
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    return Exit{0, chosen.empty() ? app.help() : chosen.front()->help()};
  } catch (const CLI::RequiredError&) {
    const bool named = argc > 1 && argv[1][0] != '-';
    return Mistake{named ? "unknown command: " + std::string(argv[1])
                         : "a command is required: serve, audit or version"};
  } catch (const CLI::Error& error) {
    return Mistake{error.what()};
  }

  if (serve->parsed()) {
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

}  // namespace

std::variant<Command, Exit> parse_options(int argc, const char* const* argv) {
  std::variant<Command, Exit, Mistake> parsed = parse(argc, argv);
  if (const Mistake* mistake = std::get_if<Mistake>(&parsed)) {
    return Exit{2, "disposable-secrets: error: " + mistake->message + "\nhint: try 'disposable-secrets " +
                       help_for(argc, argv) + "--help'\n"};
  }
  if (Exit* exit = std::get_if<Exit>(&parsed)) {
    return std::move(*exit);
  }
  return std::get<Command>(std::move(parsed));
}

Result<ReloadedOptions> reload_options(int argc, const char* const* argv, const ServeOptions& running) {
  std::variant<Command, Exit, Mistake> parsed = parse(argc, argv);
  if (const Mistake* mistake = std::get_if<Mistake>(&parsed)) {
    return fail(Errc::kInvalidArgument, mistake->message);
  }
  const Command* command = std::get_if<Command>(&parsed);
  const ServeOptions* fresh = command == nullptr ? nullptr : std::get_if<ServeOptions>(command);
  check(fresh != nullptr, "the arguments that started the service are those of serve");
  ReloadedOptions reloaded{running, differences(*fresh, running)};
  reloaded.options.limits = fresh->limits;
  reloaded.options.log_level = fresh->log_level;
  reloaded.options.trusted_proxies = fresh->trusted_proxies;
  reloaded.options.tls_certificate = fresh->tls_certificate;
  reloaded.options.tls_key = fresh->tls_key;
  return reloaded;
}

}  // namespace disposable
