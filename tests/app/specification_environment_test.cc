// Goal: the variables of the original specification become the URLs they mean, wherever they stand.

#include "app/specification_environment.h"

#include <doctest/doctest.h>

#include <fstream>
#include <map>

#include "support/temporary_folder.h"

namespace disposable {

namespace {

using Variables = std::map<std::string, std::string>;

Result<SpecificationSettings> settings(const Variables& variables, const std::string& dot_env) {
  const TemporaryFolder folder;
  const std::filesystem::path file = std::filesystem::path(folder.path()) / ".env";
  if (!dot_env.empty()) {
    std::ofstream(file) << dot_env;
  }
  return specification_settings(
      [&](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string{} : found->second;
      },
      file);
}

const Variables kPostgres = {{"POSTGRES_HOST", "db"}, {"POSTGRES_DB", "secrets_db"}, {"POSTGRES_USER", "admin"}};

Variables with(Variables base, const Variables& more) {
  base.insert(more.begin(), more.end());
  return base;
}

}  // namespace

TEST_CASE("specification: variables become URLs, and without a host there is none") {
  struct Row {
    const char* what;
    Variables variables;
    std::string dot_env;
    std::string store;
    std::string audit;
  };
  const std::vector<Row> rows = {
      {"nothing", {}, "", "", ""},
      {"a port alone", {{"REDIS_PORT", "6379"}}, "", "", ""},
      {"Redis", {{"REDIS_HOST", "cache"}}, "", "redis://cache", ""},
      {"Redis, all",
       {{"REDIS_HOST", "cache"}, {"REDIS_PORT", "7000"}, {"REDIS_PASSWORD", "p@ss:/?"}},
       "",
       "redis://:p%40ss%3a%2f%3f@cache:7000",
       ""},
      {"a v6 address", {{"REDIS_HOST", "::1"}, {"REDIS_PORT", "7000"}}, "", "redis://[::1]:7000", ""},
      {"PostgreSQL", kPostgres, "", "", "postgresql://admin@db/secrets_db?sslmode=prefer"},
      {"PostgreSQL, all", with(kPostgres, {{"POSTGRES_PORT", "5432"}, {"POSTGRES_PASSWORD", "a b"}}), "", "",
       "postgresql://admin:a%20b@db:5432/secrets_db?sslmode=prefer"},
      {"a file",
       {},
       "# local\nPOSTGRES_HOST=localhost\nPOSTGRES_DB=s\nPOSTGRES_USER=\"u\"\nREDIS_HOST='r'\n",
       "redis://r",
       "postgresql://u@localhost/s?sslmode=prefer"},
      {"the environment before the file",
       {{"REDIS_HOST", "here"}},
       "REDIS_HOST=there\nREDIS_PORT=1\n",
       "redis://here:1",
       ""},
      {"another program's file",
       {},
       "POSTGRES_HOST\nif [ -z x ]; then\n=\n{\"a\": 1}\n  export REDIS_HOST='r'\n#REDIS_PORT=1\nFOO=REDIS_PORT=2\n"
       "export REDIS_PORT=7\n",
       "redis://r:7",
       ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const Result<SpecificationSettings> made = settings(row.variables, row.dot_env);
    REQUIRE_MESSAGE(made.has_value(), made.error().detail);
    CHECK(made->store == row.store);
    CHECK(made->audit == row.audit);
  }
}

TEST_CASE("specification: what is missing is one sentence") {
  Variables incomplete = kPostgres;
  incomplete.erase("POSTGRES_USER");
  const Result<SpecificationSettings> without_user = settings(incomplete, "");
  REQUIRE_FALSE(without_user.has_value());
  CHECK(without_user.error().detail == "POSTGRES_HOST is set and POSTGRES_USER is not");
}

TEST_CASE("specification: a server that a variable names does not hide what is in the data folder") {
  const TemporaryFolder folder;
  const Paths paths{std::filesystem::path(folder.path()), {}};
  const auto refusal = [&paths](bool store, bool audit) {
    Backends backends;
    backends.store_by_variable = store;
    backends.audit_by_variable = audit;
    const Result<void> checked = check_nothing_hidden(paths, backends);
    return checked ? std::string{} : checked.error().detail;
  };
  CHECK(refusal(true, true).empty());
  std::filesystem::create_directory(paths.store());
  CHECK(refusal(true, true).empty());
  std::ofstream(paths.audit_log()) << "rows";
  CHECK(refusal(true, false).empty());
  CHECK(refusal(true, true).starts_with("POSTGRES_HOST is set, but the data folder " + paths.data_dir.string()));
  std::ofstream(paths.store() / "CURRENT") << "a manifest that cannot be read";
  CHECK(refusal(true, true).starts_with("REDIS_HOST is set, but the data folder " + paths.data_dir.string()));
  CHECK(refusal(false, false).empty());
}

}  // namespace disposable
