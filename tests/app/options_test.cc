// Goal: what wins when an option is said in several places, and that every mistake is a usage error.

#include "app/options.h"

#include <doctest/doctest.h>

#include <fstream>
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
  CHECK(options.host == "0.0.0.0");
  CHECK(options.port == 1);
  CHECK(options.ttl_max.count() == 2'592'000);
}

TEST_CASE("options: addresses") {
  struct Row {
    const char* text;
    const char* host;
    int port;
  };
  for (const Row& row : {Row{"127.0.0.1:8000", "127.0.0.1", 8000}, Row{"[::1]:0", "::1", 0},
                         Row{"localhost:65535", "localhost", 65535}}) {
    CAPTURE(row.text);
    const ServeOptions options = parsed<ServeOptions>({"serve", "--listen", row.text});
    CHECK(options.host == row.host);
    CHECK(options.port == row.port);
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

}  // namespace disposable
