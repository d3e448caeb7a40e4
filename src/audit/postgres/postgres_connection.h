// PostgresConnection and PostgresResult: libpq with owners, Results and deadlines.
//
// libpq's blocking calls can wait for ever on a server that is frozen, so none is used: everything waits in poll() with
// a deadline. The one exception is the look-up of a host's name, whose limits are the resolver's own.
//
// Errors: kCorrupt for a table or column that is not there, a broken constraint and damage that the server found;
// kInternal for values that the server refuses; kUnavailable for everything else, which may pass. `detail` is one line,
// the server's primary message, which names tables and never values; DETAIL and CONTEXT are left out.
// Sources: https://www.postgresql.org/docs/15/libpq-async.html, libpq-pipeline-mode.html, errcodes-appendix.html

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/postgres/postgres_url.h"
#include "base/bytes.h"

struct pg_conn;
struct pg_result;

namespace disposable {

// SQL with its parameters $1, $2, ... in text form; nothing is NULL. One statement.
struct PostgresQuery {
  std::string sql;
  std::vector<std::optional<std::string>> parameters{};
};

// "{"a","b"}": a text[] parameter.
std::string array_literal(const std::vector<std::string>& elements);

// Rows and columns count from 0. A value.
class PostgresResult {
 public:
  int rows() const;
  // Nothing for NULL. Valid as long as the result.
  std::optional<std::string_view> text(int row, int column) const;
  // Nothing for NULL and for what is not the type: the columns of an edited table can have any.
  std::optional<std::int64_t> integer(int row, int column) const;
  std::optional<Bytes> hex(int row, int column) const;
  // "COMMIT", "INSERT 0 3", ...
  std::string_view command() const;
  // Rows that an INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;

 private:
  friend class PostgresConnection;
  struct Clear {
    void operator()(pg_result* result) const;
  };
  explicit PostgresResult(pg_result* result) : result_(result) {}

  std::unique_ptr<pg_result, Clear> result_;
};

struct PostgresTimeouts {
  std::chrono::milliseconds connect{5'000};     // for each host, unless the URL has a connect_timeout
  std::chrono::milliseconds statement{10'000};  // the server ends a statement then
  std::chrono::milliseconds lock{5'000};        // the server ends the wait for a lock then
  std::chrono::milliseconds answer{15'000};     // the connection is given up then
};

// One thread at a time. After an error the connection is good for nothing but its destructor, which does not wait.
class PostgresConnection {
 public:
  // Tries the hosts in turn. The session has synchronous_commit on, an end for forgotten transactions, and row_security
  // off, so that a policy that hides rows is an error.
  static Result<PostgresConnection> open(const PostgresUrl& url, const PostgresTimeouts& timeouts);

  // Runs all in one round trip and stops at the first error; queries outside of BEGIN and COMMIT are one transaction.
  // As many results as queries. An answer that does not come, or a commit that a standby did not confirm, is
  // kUnavailable: the outcome is unknown.
  Result<std::vector<PostgresResult>> run(std::span<const PostgresQuery> queries);

 private:
  struct Finish {
    void operator()(pg_conn* connection) const;
  };
  // On the heap, since libpq keeps its address.
  struct Notices {
    bool commit_unconfirmed = false;
  };
  using Deadline = std::chrono::steady_clock::time_point;

  PostgresConnection(pg_conn* connection, std::chrono::milliseconds answer);
  static Result<PostgresConnection> open_host(const PostgresUrl& url, std::size_t host,
                                              const PostgresTimeouts& timeouts);
  Result<void> log_in(Deadline deadline);
  Result<void> send(std::span<const PostgresQuery> queries);
  // Moves bytes both ways until libpq has a result or none is due.
  Result<void> await_result(Deadline deadline);
  Error lost() const;

  std::unique_ptr<Notices> notices_;
  std::unique_ptr<pg_conn, Finish> connection_;
  std::chrono::milliseconds answer_;
};

// Version of the linked libpq, for example "15.14".
std::string libpq_version();

}  // namespace disposable
