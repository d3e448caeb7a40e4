#include "audit/postgres/postgres_session.h"

namespace disposable {

namespace {

constexpr std::int64_t kVersionMin = 120'000;  // 12.0

const PostgresQuery kSelectSettings{
    "SELECT current_setting('server_version_num'), pg_is_in_recovery(), current_setting('server_encoding'), "
    "current_setting('fsync'), current_setting('full_page_writes')"};

}  // namespace

Result<void> PostgresSession::connect() {
  if (connection_) {
    return {};
  }
  Result<PostgresConnection> connection = PostgresConnection::open(url_, timeouts_);
  if (!connection) {
    return fail(about_server(connection.error()));
  }
  const Result<void> checked = checks_ ? check_server(*connection) : Result<void>{};
  if (!checked) {
    return fail(about_server(checked.error()));
  }
  connection_ = std::move(*connection);
  warned_ = true;
  return {};
}

Result<void> PostgresSession::check_server(PostgresConnection& connection) const {
  const Result<std::vector<PostgresResult>> results = connection.run({&kSelectSettings, 1});
  if (!results) {
    return fail(results.error());
  }
  const PostgresResult& found = results->front();
  if (found.integer(0, 0).value_or(0) < kVersionMin) {
    return fail(Errc::kInvalidArgument, "the server is older than PostgreSQL 12");
  }
  if (found.text(0, 1) != "f") {
    return fail(Errc::kUnavailable, "the server is a standby, which takes no changes; name the primary");
  }
  if (found.text(0, 2) != "UTF8") {
    return fail(Errc::kInvalidArgument, "the database has another encoding than UTF8");
  }
  const auto warn = [this](const std::string& warning) {
    if (checks_->on_warning && !warned_) {
      checks_->on_warning(warning);
    }
  };
  if (found.text(0, 3) != "on") {
    if (!checks_->accept_data_loss) {
      return fail(Errc::kInvalidArgument,
                  "the server runs with fsync=off, so a power cut can take back what it has confirmed; set fsync=on");
    }
    warn("PostgreSQL runs with fsync=off: a power cut can take back what it has confirmed");
  }
  if (found.text(0, 4) != "on") {
    warn("PostgreSQL runs with full_page_writes=off: safe only on storage that never tears a page");
  }
  return {};
}

Result<std::vector<PostgresResult>> PostgresSession::run(std::span<const PostgresQuery> queries) {
  const Result<void> connected = connect();
  if (!connected) {
    return fail(connected.error());
  }
  Result<std::vector<PostgresResult>> results = connection_->run(queries);
  if (!results) {
    disconnect();
    return fail(about_server(results.error()));
  }
  return results;
}

Result<PostgresResult> PostgresSession::run(const PostgresQuery& query) {
  Result<std::vector<PostgresResult>> results = run({&query, 1});
  return results ? Result<PostgresResult>(std::move(results->front())) : fail(results.error());
}

Error PostgresSession::about_server(Error error) const {
  error.detail = url_.shown + ": " + error.detail;
  return error;
}

}  // namespace disposable
