#include "audit/postgres/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "audit/postgres/postgres_error.h"

namespace disposable {

namespace {

using Steady = std::chrono::steady_clock;

// False when `deadline` has passed.
bool wait_for_socket(int socket, short events, Steady::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    pollfd entry{socket, events, 0};
    const int count = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (count > 0) {
      return true;
    }
    if (count == 0 || errno != EINTR) {
      return false;
    }
  }
}

// A commit that a synchronous standby did not confirm is answered like any other, with this warning before it. It is
// known by the name of the server's function: the text depends on the server's language, and the code is any warning's.
void receive_notice(void* commit_unconfirmed, const PGresult* notice) {
  const char* function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
  if (function != nullptr && std::string_view(function) == "SyncRepWaitForLSN") {
    *static_cast<bool*>(commit_unconfirmed) = true;
  }
}

PostgresQuery session_settings(const PostgresTimeouts& timeouts) {
  // A node that freezes in a transaction must not hold its locks for ever.
  return {
      "SELECT set_config('synchronous_commit', 'on', false), set_config('row_security', 'off', false), "
      "set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
      "set_config('idle_in_transaction_session_timeout', $1, false)",
      {std::to_string(timeouts.statement.count()), std::to_string(timeouts.lock.count())}};
}

}  // namespace

void PostgresConnection::Finish::operator()(pg_conn* connection) const { PQfinish(connection); }

PostgresConnection::PostgresConnection(pg_conn* connection, std::chrono::milliseconds answer)
    : notices_(std::make_unique<Notices>()), connection_(connection), answer_(answer) {
  PQsetErrorVerbosity(connection, PQERRORS_TERSE);  // a DETAIL can hold the values of a row
  PQsetNoticeReceiver(connection, receive_notice, &notices_->commit_unconfirmed);
}

Result<PostgresConnection> PostgresConnection::open(const PostgresUrl& url, const PostgresTimeouts& timeouts) {
  Result<PostgresConnection> connection = fail(Errc::kInternal, "no host");
  for (std::size_t host = 0; host < host_count(url) && !connection; ++host) {
    connection = open_host(url, host, timeouts);
  }
  return connection;
}

Result<PostgresConnection> PostgresConnection::open_host(const PostgresUrl& url, std::size_t host,
                                                         const PostgresTimeouts& timeouts) {
  const std::chrono::milliseconds limit = connect_timeout(url).value_or(timeouts.connect);
  pg_conn* raw = PQconnectStart(connection_string(url, host).c_str());
  if (raw == nullptr) {
    return fail(Errc::kUnavailable, "out of memory");
  }
  PostgresConnection connection(raw, timeouts.answer);
  const Result<void> logged_in = connection.log_in(Steady::now() + limit);
  if (!logged_in) {
    return fail(logged_in.error());
  }
  if (PQsetnonblocking(raw, 1) != 0 || PQenterPipelineMode(raw) != 1) {
    return fail(connection.lost());
  }
  const PostgresQuery settings[] = {session_settings(timeouts)};
  const Result<std::vector<PostgresResult>> set = connection.run(settings);
  if (!set) {
    return fail(set.error());
  }
  return connection;
}

Result<void> PostgresConnection::log_in(Deadline deadline) {
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    return fail(lost());
  }
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (status != PGRES_POLLING_OK) {
    const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for_socket(PQsocket(connection_.get()), events, deadline)) {
      return fail(Errc::kUnavailable, "the connection was not made in time");
    }
    status = PQconnectPoll(connection_.get());
    if (status == PGRES_POLLING_FAILED) {
      return fail(lost());
    }
  }
  return {};
}

Result<std::vector<PostgresResult>> PostgresConnection::run(std::span<const PostgresQuery> queries) {
  const Deadline deadline = Steady::now() + answer_;
  const Result<void> sent = send(queries);
  if (!sent) {
    return fail(sent.error());
  }
  std::vector<PostgresResult> results;
  while (true) {
    const Result<void> ready = await_result(deadline);
    if (!ready) {
      return fail(ready.error());
    }
    pg_result* raw = PQgetResult(connection_.get());
    if (raw == nullptr) {  // the end of one query's results
      if (PQstatus(connection_.get()) != CONNECTION_OK) {
        return fail(lost());
      }
      continue;
    }
    PostgresResult result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (status == PGRES_PIPELINE_SYNC) {
      break;
    }
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      return fail(server_error(raw));
    }
    results.push_back(std::move(result));
  }
  if (notices_->commit_unconfirmed) {
    return fail(Errc::kUnavailable, "a standby did not confirm the commit; whether it is kept is unknown");
  }
  if (results.size() != queries.size()) {
    return fail(Errc::kInternal, "PostgreSQL gave another number of results than there were queries");
  }
  return results;
}

Result<void> PostgresConnection::send(std::span<const PostgresQuery> queries) {
  std::vector<const char*> values;
  for (const PostgresQuery& query : queries) {
    values.clear();
    for (const std::optional<std::string>& parameter : query.parameters) {
      values.push_back(parameter ? parameter->c_str() : nullptr);
    }
    if (PQsendQueryParams(connection_.get(), query.sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                          nullptr, nullptr, /*resultFormat=*/0) != 1) {
      return fail(lost());
    }
  }
  if (PQpipelineSync(connection_.get()) != 1) {
    return fail(lost());
  }
  return {};
}

// Reads while it writes: a server that waits for us to take its answers would not take our queries.
Result<void> PostgresConnection::await_result(Deadline deadline) {
  pg_conn* connection = connection_.get();
  while (PQisBusy(connection) != 0) {
    const int unsent = PQflush(connection);
    if (unsent < 0) {
      return fail(lost());
    }
    const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    if (!wait_for_socket(PQsocket(connection), events, deadline)) {
      return fail(Errc::kUnavailable, "the server did not answer in time");
    }
    if (PQconsumeInput(connection) != 1) {
      return fail(lost());
    }
  }
  return {};
}

Error PostgresConnection::lost() const {
  return Error{Errc::kUnavailable, one_line(PQerrorMessage(connection_.get()))};
}

std::string libpq_version() {
  constexpr int kMajor = 10'000;
  return std::to_string(PQlibVersion() / kMajor) + "." + std::to_string(PQlibVersion() % kMajor);
}

}  // namespace disposable
