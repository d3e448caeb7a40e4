// Goal: what wins when an option is said in several places, and that every mistake is a usage error.

#include "app/options.h"

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <vector>

#include "support/temporary_folder.h"

namespace disposable {

namespace {

class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;
  ~EnvironmentVariable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

std::variant<Command, Exit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "disposable-secrets");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

template <class T>
T parsed(const std::vector<const char*>& arguments) {
  const std::variant<Command, Exit> result = parse(arguments);
  REQUIRE(std::holds_alternative<Command>(result));
  REQUIRE(std::holds_alternative<T>(std::get<Command>(result)));
  return std::get<T>(std::get<Command>(result));
}

}  // namespace

TEST_CASE("options: command line before environment before file before default") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "config";
  std::ofstream(file) << "# a comment\nlisten = \"0.0.0.0:1\"\nworkers=3\ndata-dir=/file\n";
  const EnvironmentVariable config("DISPOSABLE_SECRETS_CONFIG", file);
  const EnvironmentVariable data_dir("DISPOSABLE_SECRETS_DATA_DIR", "/environment");
  const EnvironmentVariable workers("DISPOSABLE_SECRETS_WORKERS", "5");
  const ServeOptions options = parsed<ServeOptions>({"serve", "--workers", "7"});
  CHECK(options.workers == 7);
  CHECK(options.paths.data_dir == "/environment");
  CHECK(options.listen == std::vector<std::string>{"0.0.0.0:1"});
  CHECK(options.ttl_max.count() == 2'592'000);
}

TEST_CASE("options: of every command the command line wins over the environment") {
  const EnvironmentVariable data_dir("DISPOSABLE_SECRETS_DATA_DIR", "/environment");
  const EnvironmentVariable key_file("DISPOSABLE_SECRETS_KEY_FILE", "/environment.keyring");
  const auto check = [](const Paths& paths) {
    CHECK(paths.data_dir == "/line");
    CHECK(paths.key_file == "/environment.keyring");
  };
  check(parsed<ServeOptions>({"serve", "--data-dir", "/line"}).paths);
  check(parsed<AuditListOptions>({"audit", "--data-dir", "/line"}).paths);
  check(parsed<AuditVerifyOptions>({"audit", "verify", "--data-dir", "/line"}).paths);
  check(parsed<KeysOptions>({"keys", "rotate", "--data-dir", "/line"}).paths);
  check(parsed<BackupOptions>({"backup", "/to", "--data-dir", "/line"}).paths);
  check(parsed<RestoreOptions>({"restore", "/from", "--data-dir", "/line"}).paths);
  check(parsed<DoctorOptions>({"doctor", "--data-dir", "/line"}).serve.paths);
}

TEST_CASE("options: addresses to listen on") {
  for (const char* text : {"127.0.0.1:8000", "[::1]:0", "localhost:65535", "unix:/run/a/socket", "fd:web", "systemd",
                           "http://127.0.0.1:80", "https://[::]:443", "https://fd:tls"}) {
    CAPTURE(text);
    const auto options = parsed<ServeOptions>({"serve", "--listen", text, "--metrics-listen", text});
    CHECK(options.listen == std::vector<std::string>{text});
    CHECK(options.metrics_listen == text);
  }
}

TEST_CASE("options: what takes several values may be repeated, and hold commas") {
  const std::vector<std::string> both{"127.0.0.1:1", "[::1]:2"};
  CHECK(parsed<ServeOptions>({"serve", "--listen", "127.0.0.1:1", "--listen", "[::1]:2"}).listen == both);
  CHECK(parsed<ServeOptions>({"serve", "--listen", "127.0.0.1:1,[::1]:2"}).listen == both);
  const std::vector<std::string> networks{"10.0.0.0/8", "fd00::/8"};
  CHECK(parsed<ServeOptions>({"serve", "--trusted-proxy", "10.0.0.0/8,fd00::/8"}).trusted_proxies == networks);
  const TemporaryFolder folder;
  const std::string file = folder.path() / "config";
  std::ofstream(file) << "listen=127.0.0.1:1\nworkers=2\nlisten=[::1]:2\n";
  CHECK(parsed<ServeOptions>({"serve", "--config", file.c_str()}).listen == both);
  const EnvironmentVariable listen("DISPOSABLE_SECRETS_LISTEN", "127.0.0.1:1,[::1]:2");
  CHECK(parsed<ServeOptions>({"serve"}).listen == both);
}

TEST_CASE("options: every limit has its default when nothing is said, and its value when it is") {
  const Limits defaults;
  CHECK(parsed<ServeOptions>({"serve"}).limits == defaults);
  struct Row {
    const char* name;
    const char* value;
    std::function<bool(const ServeOptions&)> holds;
  };
  const auto seconds = [](double count) {
    return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(count));
  };
  const std::vector<Row> rows = {
      {"--connections-max", "9", [](const ServeOptions& o) { return o.limits.connections_max == 9; }},
      {"--handshakes-max", "9", [](const ServeOptions& o) { return o.limits.handshakes_max == 9; }},
      {"--address-connections-max", "9", [](const ServeOptions& o) { return o.limits.address_connections_max == 9; }},
      {"--buffer-bytes-max", "9M", [](const ServeOptions& o) { return o.limits.buffer_bytes_max == 9U << 20U; }},
      {"--head-bytes-max", "9KiB", [](const ServeOptions& o) { return o.limits.head_bytes_max == 9U << 10U; }},
      {"--headers-max", "9", [](const ServeOptions& o) { return o.limits.header_fields_max == 9; }},
      {"--target-bytes-max", "99", [](const ServeOptions& o) { return o.limits.target_bytes_max == 99; }},
      {"--handshake-timeout", "9", [&](const ServeOptions& o) { return o.limits.handshake_max == seconds(9); }},
      {"--head-timeout", "0.25", [&](const ServeOptions& o) { return o.limits.head_max == seconds(0.25); }},
      {"--body-timeout", "9.5", [&](const ServeOptions& o) { return o.limits.body_max == seconds(9.5); }},
      {"--response-timeout", "9", [&](const ServeOptions& o) { return o.limits.response_max == seconds(9); }},
      {"--idle-timeout", "9", [&](const ServeOptions& o) { return o.limits.idle_max == seconds(9); }},
      {"--rate-min", "9k", [](const ServeOptions& o) { return o.limits.rate_min == 9U << 10U; }},
      {"--creates-per-minute", "0.5", [](const ServeOptions& o) { return o.limits.creates.per_minute == 0.5; }},
      {"--creates-burst", "9", [](const ServeOptions& o) { return o.limits.creates.burst == 9; }},
      {"--retrieves-per-minute", "9", [](const ServeOptions& o) { return o.limits.retrieves.per_minute == 9; }},
      {"--retrieves-burst", "9", [](const ServeOptions& o) { return o.limits.retrieves.burst == 9; }},
      {"--misses-per-minute", "9", [](const ServeOptions& o) { return o.limits.misses.per_minute == 9; }},
      {"--misses-burst", "9", [](const ServeOptions& o) { return o.limits.misses.burst == 9; }},
      {"--wrong-passphrases-per-minute", "0",
       [](const ServeOptions& o) { return o.limits.wrong_passphrases.per_minute == 0; }},
      {"--wrong-passphrases-burst", "9", [](const ServeOptions& o) { return o.limits.wrong_passphrases.burst == 9; }},
      {"--address-bytes-per-day", "9G",
       [](const ServeOptions& o) { return o.limits.address_bytes_max == 9ULL << 30U; }},
      {"--stored-bytes-max", "9T", [](const ServeOptions& o) { return o.limits.stored_bytes_max == 9ULL << 40U; }},
      {"--disk-reserve-bytes", "9M", [](const ServeOptions& o) { return o.limits.disk_reserve_bytes == 9U << 20U; }},
      {"--listen-mode", "0600", [](const ServeOptions& o) { return o.listen_mode == 0600; }},
      {"--log-level", "debug", [](const ServeOptions& o) { return o.log_level == "debug"; }},
      {"--loops", "3", [](const ServeOptions& o) { return o.loops == 3; }},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK_FALSE(row.holds(parsed<ServeOptions>({"serve"})));
    CHECK(row.holds(parsed<ServeOptions>({"serve", row.name, row.value})));
  }
  CHECK(parsed<ServeOptions>({"serve", "--no-sandbox"}).no_sandbox);
  const EnvironmentVariable off("DISPOSABLE_SECRETS_NO_SANDBOX", "1");
  CHECK(parsed<ServeOptions>({"serve"}).no_sandbox);
}

TEST_CASE("options: a reload takes limits, log level, proxies and certificate, and names what it does not take") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "config";
  const std::vector<const char*> arguments{"disposable-secrets", "serve",     "--head-timeout", "7",
                                           "--config",           file.c_str()};
  const auto reload = [&](const ServeOptions& running) {
    return reload_options(static_cast<int>(arguments.size()), arguments.data(), running);
  };
  std::ofstream(file) << "workers=2\nconnections-max=100\nhead-timeout=1\n";
  const auto running = parsed<ServeOptions>({"serve", "--head-timeout", "7", "--config", file.c_str()});

  std::ofstream(file) << "workers=3\nlisten=[::1]:1\nconnections-max=200\nhead-timeout=2\nlog-level=error\n"
                         "trusted-proxy=10.0.0.0/8\ntls-cert=c\ntls-key=k\ncreators=token\n";
  const Result<ReloadedOptions> reloaded = reload(running);
  REQUIRE(reloaded);
  CHECK(reloaded->needs_restart == std::vector<std::string>{"--listen", "--workers"});
  CHECK(reloaded->options.workers == 2);
  CHECK(reloaded->options.listen == running.listen);
  CHECK(reloaded->options.limits.connections_max == 200);
  CHECK(reloaded->options.limits.head_max == std::chrono::seconds(7));
  CHECK(reloaded->options.log_level == "error");
  CHECK(reloaded->options.trusted_proxies == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(reloaded->options.creators == std::vector<std::string>{"token"});
  CHECK(reloaded->options.tls_certificate == "c");
  CHECK(reloaded->options.tls_key == "k");

  for (const char* broken : {"workers=none\n", "no value\n", "colour=red\n", "tls-cert=c\n"}) {
    CAPTURE(broken);
    std::ofstream(file) << broken;
    const Result<ReloadedOptions> refused = reload(running);
    REQUIRE_FALSE(refused);
    CHECK_FALSE(refused.error().detail.empty());
    CHECK(refused.error().detail.find('\n') == std::string::npos);
  }
  std::filesystem::remove(file);
  CHECK_FALSE(reload(running));
}

TEST_CASE("options: who may create") {
  using Words = std::vector<std::string>;
  CHECK(parsed<ServeOptions>({"serve"}).creators.empty());
  CHECK(parsed<ServeOptions>({"serve", "--creators", "token,10.0.0.0/8"}).creators == Words{"token", "10.0.0.0/8"});
  CHECK(parsed<ServeOptions>({"serve", "--creators", "open", "--creators", "token"}).creators ==
        Words{"open", "token"});
  CHECK(parsed<ServeOptions>({"serve", "--data-dir", "/d"}).paths.tokens() == "/d/tokens");
  CHECK(parsed<ServeOptions>({"serve", "--data-dir", "/d", "--token-file", "/t"}).paths.tokens() == "/t");
  for (const char* wrong : {"everybody", "10.0.0.1/8", "token open"}) {
    CAPTURE(wrong);
    CHECK(std::get<Exit>(parse({"serve", "--creators", wrong})).code == 2);
  }
}

TEST_CASE("options: the commands of tokens") {
  const auto made = parsed<TokenOptions>({"token", "create", "--data-dir", "/d", "--name", "CI of J\xc3\xbcrgen",
                                          "--expires", "30d", "--rate", "5", "--bytes", "2K", "--json"});
  CHECK(made.what == "create");
  CHECK(made.paths.tokens() == "/d/tokens");
  CHECK(made.name == "CI of J\xc3\xbcrgen");
  CHECK(made.expires == "30d");
  CHECK(made.creates_per_minute == 5);
  CHECK(made.bytes_per_day == 2048);
  CHECK(made.json);
  CHECK(parsed<TokenOptions>({"token", "list", "--token-file", "/t"}).paths.tokens() == "/t");
  CHECK(parsed<TokenOptions>({"token", "revoke", "abc"}).id == "abc");
  const std::string long_name(65, 'x');
  for (const std::vector<const char*>& wrong : {std::vector<const char*>{"token"},
                                                {"token", "make"},
                                                {"token", "revoke"},
                                                {"token", "create", "--expires", "0s"},
                                                {"token", "create", "--expires", "soon"},
                                                {"token", "create", "--rate", "-1"},
                                                {"token", "create", "--name", "a\nb"},
                                                {"token", "create", "--name", "\xff"},
                                                {"token", "create", "--name", long_name.c_str()},
                                                {"token", "list", "--key-file", "k"}}) {
    CHECK(std::get<Exit>(parse(wrong)).code == 2);
  }
}

TEST_CASE("options: the keyring lies beside the data folder unless it is named") {
  CHECK(parsed<ServeOptions>({"serve", "--data-dir", "/d/data/"}).paths.key_file == "/d/data.keyring");
  CHECK(parsed<ServeOptions>({"serve", "--data-dir", "/d", "--key-file", "/k"}).paths.key_file == "/k");
  const EnvironmentVariable home("XDG_DATA_HOME", "/srv/me");
  CHECK(parsed<ServeOptions>({"serve"}).paths.data_dir == "/srv/me/disposable-secrets");
}

TEST_CASE("options: the audit commands take the same paths") {
  const auto list = parsed<AuditListOptions>(
      {"audit", "--data-dir", "/d", "--key-file", "/k", "--action", "created", "--since", "1d", "--limit", "5"});
  CHECK(list.paths.audit_log() == "/d/audit.db");
  CHECK(list.paths.key_file == "/k");
  CHECK(list.action == "created");
  CHECK(list.limit == 5);
  const auto verify = parsed<AuditVerifyOptions>({"audit", "verify", "--data-dir", "/d", "--key-file", "/k", "--json"});
  CHECK(verify.paths.data_dir == "/d");
  CHECK(verify.json);
  CHECK(parsed<AuditVerifyOptions>({"audit", "--data-dir", "/d", "verify"}).paths.data_dir == "/d");
}

TEST_CASE("options: help goes to stdout with exit code 0") {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--help"}, {"serve", "--help"}, {"audit", "--help"}}) {
    const std::variant<Command, Exit> result = parse(arguments);
    REQUIRE(std::holds_alternative<Exit>(result));
    CHECK(std::get<Exit>(result).code == 0);
    CHECK(std::get<Exit>(result).text.find("--help") != std::string::npos);
  }
}

TEST_CASE("options: every mistake is exit code 2, one line and a hint") {
  const TemporaryFolder folder;
  const std::string unknown = folder.path() / "unknown";
  std::ofstream(unknown) << "colour=red\n";
  const std::string bad_value = folder.path() / "bad_value";
  std::ofstream(bad_value) << "workers=many\n";
  const std::string no_value = folder.path() / "no_value";
  std::ofstream(no_value) << "workers\n";
  const std::string twice = folder.path() / "twice";
  std::ofstream(twice) << "workers=1\nloops=1\nworkers=2\n";
  const std::string within = folder.path() / "within";
  std::ofstream(within) << "config=other\n";
  const std::string folder_name = folder.path();
  const std::vector<std::vector<const char*>> rows = {
      {},
      {"burn"},
      {"serve", "--colour", "red"},
      {"serve", "--listen", "8000"},
      {"serve", "--listen", ":8000"},
      {"serve", "--listen", "::1:8000"},
      {"serve", "--listen", "localhost:65536"},
      {"serve", "--listen", "localhost:http"},
      {"serve", "--listen", "localhost:"},
      {"serve", "--listen", "[::1:8000"},
      {"serve", "--listen", "a/b:1"},
      {"serve", "--listen", ""},
      {"serve", "--listen", "unix:relative"},
      {"serve", "--listen", "unix:/folder/"},
      {"serve", "--listen", "fd:"},
      {"serve", "--listen", "ftp://localhost:1"},
      {"serve", "--listen", "127.0.0.1:1,8000"},
      {"serve", "--metrics-listen", "8000"},
      {"serve", "--listen-mode", "0888"},
      {"serve", "--listen-mode", "1777"},
      {"serve", "--tls-cert", "c"},
      {"serve", "--tls-key", "k"},
      {"serve", "--log-level", "loud"},
      {"serve", "--head-timeout", "0"},
      {"serve", "--head-timeout", "nan"},
      {"serve", "--head-timeout", "-1"},
      {"serve", "--head-timeout", "5s"},
      {"serve", "--creates-per-minute", "inf"},
      {"serve", "--creates-burst", "0"},
      {"serve", "--stored-bytes-max", "5X"},
      {"serve", "--stored-bytes-max", "-5M"},
      {"serve", "--stored-bytes-max", "99999999999999T"},
      {"serve", "--connections-max", "0"},
      {"serve", "--loops", "65"},
      {"serve", "--config", no_value.c_str()},
      {"serve", "--config", twice.c_str()},
      {"serve", "--config", within.c_str()},
      {"serve", "--config", folder_name.c_str()},
      {"serve", "--workers", "0"},
      {"serve", "--workers", "x"},
      {"serve", "--ttl-max", "0"},
      {"serve", "--config", "/nonexistent/config"},
      {"serve", "--config", unknown.c_str()},
      {"serve", "--config", bad_value.c_str()},
      {"audit", "--limit", "0"},
      {"audit", "extra"},
      {"version", "--jsn"},
  };
  for (const std::vector<const char*>& row : rows) {
    CAPTURE((row.empty() ? "" : row.back()));
    const std::variant<Command, Exit> result = parse(row);
    REQUIRE(std::holds_alternative<Exit>(result));
    const Exit& exit = std::get<Exit>(result);
    CHECK(exit.code == 2);
    CHECK(exit.text.starts_with("disposable-secrets: error: "));
    CHECK(std::count(exit.text.begin(), exit.text.end(), '\n') == 2);
    CHECK(exit.text.find("\nhint: ") != std::string::npos);
  }
}

TEST_CASE("options: a mistake in the configuration file names file and line, and the hint the command") {
  const TemporaryFolder folder;
  const std::string file = folder.path() / "config";
  const struct {
    const char* text;
    const char* message;
  } rows[] = {
      {"\ncolour=red\n", "line 2: there is no option colour"},
      {"loops=1\n# more\nworkers=many\n", "line 3: "},
      {"workers=1\nloops=1\nworkers=2\n", "line 3: workers is in line 1 already"},
      {"no-sandbox=true\nno-sandbox=true\n", "line 2: no-sandbox is in line 1 already"},
      {"store redis://:canary@h/0?prefix=a\n", "line 1: this is not NAME=VALUE, with the name of an option"},
      {"store: redis://h/?password=canary\n", "line 1: this is not NAME=VALUE, with the name of an option"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    std::ofstream(file) << row.text;
    const std::variant<Command, Exit> result = parse({"serve", "--config", file.c_str()});
    REQUIRE(std::holds_alternative<Exit>(result));
    const std::string& text = std::get<Exit>(result).text;
    CHECK(text.starts_with("disposable-secrets: error: the configuration file " + file + ", " + row.message));
    CHECK(text.ends_with("\nhint: try 'disposable-secrets serve --help'\n"));
    CHECK(text.find("canary") == std::string::npos);
  }
  CHECK(std::get<Exit>(parse({"audit", "extra"})).text.ends_with("\nhint: try 'disposable-secrets audit --help'\n"));
  CHECK(std::get<Exit>(parse({"burn"})).text.ends_with("\nhint: try 'disposable-secrets --help'\n"));
}

TEST_CASE("options: no mistake repeats a password") {
  const std::vector<std::vector<const char*>> rows = {
      {"serve", "--stor", "redis://:canary@h"},
      {"serve", "--stor=redis://:canary@h/0?prefix=a"},
      {"serve", "redis://h?user=u&password=canary"},
      {"serve", "--workers", "redis://:canary@h"},
      {"serve", "--listen", "redis://:can ary canary@h"},
      {"migrate", "--from", "rocksdb:", "--to", "redis://h", "postgresql://u:canary@g"},
      {"redis://:canary@h"},
      {"serve", "--audit", "postgresql://u:pass@canary@h/db"},
  };
  for (const std::vector<const char*>& row : rows) {
    CAPTURE(row.back());
    const std::variant<Command, Exit> result = parse(row);
    REQUIRE(std::holds_alternative<Exit>(result));
    CHECK(std::get<Exit>(result).text.find("canary") == std::string::npos);
  }
}

TEST_CASE("options: of the local places too, the command line wins over the environment") {
  const EnvironmentVariable redis("REDIS_HOST", "cache");
  const EnvironmentVariable postgres("POSTGRES_HOST", "db");
  const EnvironmentVariable database("POSTGRES_DB", "d");
  const EnvironmentVariable user("POSTGRES_USER", "u");
  const auto options = parsed<ServeOptions>({"serve", "--store", "rocksdb:", "--audit", "sqlite:"});
  CHECK(options.backends == Backends{});
  CHECK(parsed<KeysOptions>({"keys", "--store", "rocksdb:", "rotate"}).backends.store.empty());
  CHECK(parsed<AuditListOptions>({"audit", "--audit", "sqlite:"}).backends.audit.empty());
  CHECK(parsed<KeysOptions>({"keys", "rotate", "--accept-data-loss"}).backends.accept_data_loss);
}

}  // namespace disposable
