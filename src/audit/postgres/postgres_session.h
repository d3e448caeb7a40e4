// PostgresSession: a connection that is opened again after an error, to a server that keeps what it has confirmed.

#pragma once

#include <functional>

#include "audit/postgres/postgres_connection.h"

namespace disposable {

struct PostgresChecks {
  // fsync=off on the server is a warning instead of an error.
  bool accept_data_loss = false;
  // Told once, after the first connection, what may cost data; one sentence each. May be empty.
  std::function<void(const std::string& warning)> on_warning{};
};

// One thread at a time.
class PostgresSession {
 public:
  // For writing: the server is checked after every connect.
  PostgresSession(PostgresUrl url, PostgresTimeouts timeouts, PostgresChecks checks)
      : url_(std::move(url)), timeouts_(timeouts), checks_(std::move(checks)) {}
  // For reading, also from a standby.
  PostgresSession(PostgresUrl url, PostgresTimeouts timeouts) : url_(std::move(url)), timeouts_(timeouts) {}

  // Connects unless it is connected. kUnavailable: it cannot be reached, or is a standby. kInvalidArgument: older than
  // version 12, another encoding than UTF8, or fsync=off.
  Result<void> connect();

  // PostgresConnection::run(), connecting before when there is no connection; an error closes it, and with it an open
  // transaction. `detail` begins with the server.
  Result<std::vector<PostgresResult>> run(std::span<const PostgresQuery> queries);
  Result<PostgresResult> run(const PostgresQuery& query);

  void disconnect() { connection_.reset(); }
  // `error` with the name of the server in front, for the one line that the operator sees.
  Error about_server(Error error) const;

 private:
  Result<void> check_server(PostgresConnection& connection) const;

  PostgresUrl url_;
  PostgresTimeouts timeouts_;
  std::optional<PostgresChecks> checks_;
  std::optional<PostgresConnection> connection_;
  bool warned_ = false;
};

}  // namespace disposable
