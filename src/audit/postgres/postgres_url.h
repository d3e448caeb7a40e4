// PostgresUrl: which PostgreSQL server, database and user, and how the connection is protected.
//
// The form is libpq's: postgresql://user:password@host:port/database?keyword=value, with several hosts after commas.
// A host below / or @ is the folder of a Unix socket. Source:
// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING
//
// The environment changes nothing: every setting that a PG* variable would change is given explicitly. What libpq still
// takes from outside is what the documentation of libpq promises for passwords and certificates: the password file
// (`passfile=`, else PGPASSFILE, else ~/.pgpass) when the URL has no password, and ~/.postgresql/root.crt,
// postgresql.crt and postgresql.key when the URL names none. PGSERVICE must not be set.

#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace disposable {

// A value. Holds the password, as libpq does for as long as a connection lives.
struct PostgresUrl {
  struct Setting {
    std::string keyword;
    std::string value;
  };

  std::vector<Setting> settings;  // what the URL says, decoded; only keywords that libpq knows
  std::string shown;              // scheme, hosts and database, for messages: neither user nor password

  // sslmode for servers that are not on this machine, when the URL has none. verify-full needs the certificate of the
  // server's authority: sslrootcert=FILE in the URL, or ~/.postgresql/root.crt.
  std::string default_sslmode = "verify-full";

  // Nothing when the URL does not say it.
  std::optional<std::string> setting(std::string_view keyword) const;
};

// kInvalidArgument for anything that is not such a URL, with a sentence that never repeats the URL. The user must be
// named. `service`, `replication` and `client_encoding` are refused.
Result<PostgresUrl> parse_postgres_url(std::string_view text);

// How many hosts the URL names; one when it names none.
std::size_t host_count(const PostgresUrl& url);
// What libpq gets to connect to one of them. Holds the password.
std::string connection_string(const PostgresUrl& url, std::size_t host);
// connect_timeout= of the URL; nothing when it has none or no limit.
std::optional<std::chrono::milliseconds> connect_timeout(const PostgresUrl& url);

}  // namespace disposable
