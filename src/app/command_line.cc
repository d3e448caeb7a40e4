#include "app/command_line.h"

#include "app/backends.h"
#include "app/environment.h"
#include "app/option_table.h"
#include "app/specification_environment.h"

namespace disposable {

namespace {

constexpr const char* kListenOfSpecification = "0.0.0.0:8000";
constexpr const char* kJsonHelp = "One JSON object, for scripts";

// The XDG base directory specification's default, so that a laptop needs no option at all.
std::filesystem::path default_data_dir() {
  const std::string data_home = environment_variable("XDG_DATA_HOME");
  if (!data_home.empty()) {
    return std::filesystem::path(data_home) / "disposable-secrets";
  }
  const std::string home = environment_variable("HOME");
  return std::filesystem::path(home.empty() ? "." : home) / ".local/share/disposable-secrets";
}

// A command of two words takes the options of the first word.
CLI::App* add_second_word(CLI::App& above, const char* name, const char* help) {
  CLI::App* word = above.add_subcommand(name, help);
  word->fallthrough();
  word->footer("Takes the options of 'disposable-secrets " + above.get_name() + "' as well; see its --help.");
  return word;
}

// "folder/" is "folder".
std::filesystem::path folder_named(const std::string& text) {
  std::filesystem::path path(text);
  return path.has_filename() ? path : path.parent_path();
}

// The keyring's default place is beside the data folder, not inside: a copy of the one must not hold the other.
Paths resolve(const RawPaths& raw) {
  Paths paths;
  paths.data_dir = raw.data_dir.empty() ? default_data_dir() : folder_named(raw.data_dir);
  paths.key_file = raw.key_file.empty() ? paths.data_dir.string() + ".keyring" : raw.key_file;
  paths.token_file = raw.token_file;
  return paths;
}

void add_audit(CLI::App& audit, RawPaths& paths, Backends& backends, AuditListOptions& list, bool& json) {
  add_paths(audit, paths);
  add_audit_log(audit, backends);
  audit.add_option("--secret-key", list.secret_key, "Only the rows of this secret (needs the key file)")
      ->option_text("KEY");
  audit.add_option("--action", list.action, "Only created, retrieved, deleted, expired, denied or locked")
      ->option_text("ACTION")
      ->check(CLI::IsMember({"created", "retrieved", "deleted", "expired", "denied", "locked"}));
  audit
      .add_option("--since", list.since,
                  "Only from this time on: 2026-11-22, 2026-11-22T14:05:00Z or 90s, 15m, 24h, 7d")
      ->option_text("TIME");
  audit.add_option("--limit", list.limit, "At most this many of the newest rows (100)")
      ->option_text("N")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  audit.add_flag("--json", json, "One JSON object a line");
  add_second_word(audit, "verify", "Check the hash chain of the whole audit log");
}

}  // namespace

CommandLine::CommandLine() : app_("Keep a secret, hand it out once.", "disposable-secrets") {
  app_.require_subcommand(1);
  client_.add(app_);
  add_serve(*app_.add_subcommand("serve", "Run the service"), paths_, serve_);
  add_audit(*app_.add_subcommand("audit", "List the audit log; works while the service runs"), paths_, serve_.backends,
            audit_, json_);
  add_operations();
  add_token();
  add_migrate();
  add_document();
  app_.add_subcommand("version", "Print the version")
      ->add_flag("--json", json_, "With commit, compiler, every linked library and the kernel's sandbox");
  // A command with such a callback reads the environment when it is named. Without, all of them would after the one
  // that is named, into the variables that they share with it.
  for (CLI::App* command : app_.get_subcommands([](CLI::App*) { return true; })) {
    command->parse_complete_callback([] {});
  }
}

void CommandLine::add_document() {
  app_.add_subcommand("document", "Print a manual page, the default configuration file or completions")
      ->add_option(
          "WHAT", document_.what,
          "manual for disposable-secrets(1), manual-conf for disposable-secrets.conf(5), config for the default "
          "configuration file; bash, zsh or fish for completions")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>(kGenerated.begin(), kGenerated.end())));
}

void CommandLine::add_migrate() {
  CLI::App* migrate =
      app_.add_subcommand("migrate", "Move a store, an audit log or both elsewhere; the service must be stopped");
  migrate->footer(
      "A place is rocksdb:FOLDER, redis://... or sqlite:FILE, postgresql://...; without FOLDER or FILE, what is\n"
      "in the data folder. --from and --to name a store, an audit log, or one of each. Broken off, the same command\n"
      "goes on.");
  add_paths(*migrate, paths_);
  const auto add = [migrate](const char* name, std::vector<std::string>& urls, const char* help) {
    migrate->add_option(name, urls, help)
        ->option_text("URL")
        ->required()
        ->allow_extra_args(false)
        ->check(place_problem);
  };
  add("--from", migrate_.from, "Where it is; repeatable");
  add("--to", migrate_.to, "Where it goes; repeatable");
  migrate->add_flag("--accept-data-loss", migrate_.accept_data_loss,
                    "Also with servers whose settings can lose what was acknowledged");
  migrate->add_flag("--json", json_, kJsonHelp);
}

void CommandLine::add_operations() {
  CLI::App* keys = app_.add_subcommand("keys", "Make the keyring, or begin a new epoch in it");
  add_paths(*keys, paths_);
  add_store(*keys, serve_.backends);
  add_accept_data_loss(*keys, serve_.backends);
  keys->add_flag("--json", json_, kJsonHelp);
  keys->require_subcommand(1);
  add_second_word(*keys, "create", "Make a new keyring; an existing one is never replaced");
  add_second_word(*keys, "rotate", "Begin a new epoch, and destroy those that no secret can need any more");

  CLI::App* backup = app_.add_subcommand("backup", "Copy audit log and tombstones; works while the service runs");
  backup->add_option("folder", folder_, "A new or empty folder")->option_text("DIR")->required();
  CLI::App* restore = app_.add_subcommand("restore", "Make an empty data folder hold what a backup has");
  restore->add_option("folder", folder_, "The backup")->option_text("DIR")->required();
  for (CLI::App* command : {backup, restore}) {
    add_paths(*command, paths_);
    command->add_flag("--json", json_, kJsonHelp);
  }
  CLI::App* doctor =
      app_.add_subcommand("doctor", "Look for what is wrong with an installation, a line for each check");
  add_serve(*doctor, paths_, serve_);
  doctor->add_flag("--json", json_, "One JSON object a line");
}

void CommandLine::add_token() {
  CLI::App* token = app_.add_subcommand("token", "Make, list and revoke tokens that let create; see serve --creators");
  add_data_dir(*token, paths_);
  add_config(*token, paths_);
  add_token_file(*token, paths_);
  token->add_flag("--json", json_, "JSON, for scripts");
  token->require_subcommand(1);
  CLI::App* create = add_second_word(*token, "create", "Make a token and print it, this once");
  create->add_option("--name", token_.name, "Whose it is, for 'token list' (none)")
      ->option_text("NAME")
      ->check([](const std::string& name) { return token_name_problem(name); });
  create->add_option("--expires", token_.expires, "How long it holds: 90s, 15m, 24h, 30d (for ever)")
      ->option_text("TIME")
      ->check([](const std::string& span) { return token_span_problem(span); });
  create->add_option("--rate", token_.creates_per_minute, "Creations a minute, 0: no limit (0)")
      ->option_text("N")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}));
  create->add_option("--bytes", token_.bytes_per_day, "Bytes stored in a day, 0: no limit (0)")
      ->option_text("BYTES")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(std::uint64_t{0}, kTiB));
  add_second_word(*token, "list", "List the tokens, each by its id");
  add_second_word(*token, "revoke", "Make a token worthless, within a second also for a service that runs")
      ->add_option("id", token_.id, "As 'token list' shows it")
      ->option_text("ID")
      ->required();
}

Result<void> CommandLine::apply_config() {
  const bool serving = app_.got_subcommand("serve") || app_.got_subcommand("doctor");
  CLI::App* command = app_.get_subcommands().front();
  if (!paths_.config.empty()) {
    Result<void> applied =
        disposable::apply_config(*command, paths_.config, serving ? Unknown::kMistake : Unknown::kOfServe);
    if (!applied) {
      return applied;
    }
  }
  Result<void> followed = follow_specification();
  return followed && serving ? check_together(serve_) : followed;
}

Result<void> CommandLine::follow_specification() {
  Backends& backends = serve_.backends;
  const bool serving = app_.got_subcommand("serve") || app_.got_subcommand("doctor");
  // Not asked for what this executable cannot do: then they are other programs' variables.
  const bool store = redis_built_in() && backends.store.empty() && (serving || app_.got_subcommand("keys"));
  const bool audit = postgres_built_in() && backends.audit.empty() && (serving || app_.got_subcommand("audit"));
  backends.store = backends.store == kStoreHere ? std::string{} : backends.store;
  backends.audit = backends.audit == kAuditLogHere ? std::string{} : backends.audit;
  if (!store && !audit) {
    return {};
  }
  const Result<SpecificationSettings> settings = specification_settings(environment_variable, ".env");
  if (!settings) {
    return fail(settings.error());
  }
  backends.store_by_variable = store && !settings->store.empty();
  backends.audit_by_variable = audit && !settings->audit.empty();
  if (backends.store_by_variable) {
    backends.store = settings->store;
  }
  if (backends.audit_by_variable) {
    backends.audit = settings->audit;
  }
  if ((backends.store_by_variable || backends.audit_by_variable) && serve_.listen.empty() &&
      environment_variable("LISTEN_FDS").empty()) {
    serve_.listen = {kListenOfSpecification};
  }
  return {};
}

Command CommandLine::command() const {
  const Paths paths = resolve(paths_);
  ServeOptions serving = serve_;
  serving.paths = paths;
  serving.config = paths_.config;
  if (app_.got_subcommand("serve")) {
    return serving;
  }
  if (app_.got_subcommand("doctor")) {
    return DoctorOptions{serving, json_};
  }
  if (app_.got_subcommand("backup")) {
    return BackupOptions{paths, folder_named(folder_), json_};
  }
  if (app_.got_subcommand("restore")) {
    return RestoreOptions{paths, folder_named(folder_), json_};
  }
  if (app_.got_subcommand("migrate")) {
    MigrateOptions migrate = migrate_;
    migrate.paths = paths;
    migrate.json = json_;
    return migrate;
  }
  if (app_.got_subcommand("audit")) {
    if (app_.get_subcommand("audit")->got_subcommand("verify")) {
      return AuditVerifyOptions{paths, serve_.backends, json_};
    }
    AuditListOptions list = audit_;
    list.paths = paths;
    list.backends = serve_.backends;
    list.json = json_;
    return list;
  }
  if (app_.got_subcommand("keys")) {
    const bool rotate = app_.get_subcommand("keys")->got_subcommand("rotate");
    return KeysOptions{rotate ? KeysOptions::What::kRotate : KeysOptions::What::kCreate, paths, serve_.backends, json_};
  }
  if (app_.got_subcommand("token")) {
    TokenOptions token = token_;
    token.what = app_.get_subcommand("token")->get_subcommands().front()->get_name();
    token.paths = paths;
    token.json = json_;
    return token;
  }
  if (app_.got_subcommand("document")) {
    return document_;
  }
  return client_.command(app_).value_or(VersionOptions{json_});
}

}  // namespace disposable
