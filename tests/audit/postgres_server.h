// A real PostgreSQL server for the tests: one for the process, started when the first test asks, gone with the process.
//
// It listens on 127.0.0.1 and on a Unix socket in its folder, speaks TLS with a certificate for localhost, trusts
// everybody but the role `asked`, whose password is `open sesame`, and keeps what it confirms. PostgreSQL refuses to
// run as root, so root starts it as the user postgres or nobody.

#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "audit/postgres/postgres_url.h"
#include "support/temporary_folder.h"

namespace disposable {

class PostgresServer {
 public:
  PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer();

  static PostgresServer& shared();

  void start();
  void stop();
  void kill();  // as a power cut would, all processes at once
  // No process of it runs until thaw(); sockets stay open.
  void freeze() const;
  void thaw() const;

  int port() const { return port_; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path certificate() const { return folder_ / "localhost.pem"; }

  // A new schema that belongs to the role `owner`, who is no superuser. Returns its name.
  std::string create_schema();
  // For `owner` in that schema over TCP; `more` is appended to the query part.
  std::string url_text(const std::string& schema, const std::string& more = "&sslmode=disable") const;
  PostgresUrl url(const std::string& schema) const;

 private:
  void create_data() const;
  void configure() const;
  std::vector<pid_t> processes() const;

  TemporaryFolder folder_;
  int port_ = 0;
  pid_t pid_ = -1;
  int schemas_ = 0;
};

// Runs statements as the superuser, with the schema and the functions that SQLite has in the search path. Returns the
// first column of the first row of the last one, or nothing.
std::string run_postgres_sql(const std::string& schema, const std::string& sql);

PostgresUrl parsed_url(const std::string& text);

}  // namespace disposable
