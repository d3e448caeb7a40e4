#include "audit/postgres/postgres_audit_log.h"

#include "audit/postgres/postgres_audit_row.h"
#include "audit/postgres/postgres_schema.h"

namespace disposable {

namespace {

// Columns of new rows, each as an array parameter: one statement inserts a whole batch. A row that sits at the next id
// already is an error: the head counts every row.
class NewRows {
 public:
  void add(const AuditRow& row, const ChainHash& previous, const ChainHash& hash) {
    const std::array<std::string, kColumns> values{std::to_string(row.id), row.secret_key,   row.action,
                                                   row.ip_address,         row.created_at,   row.extra_data,
                                                   row.event_id,           to_hex(previous), to_hex(hash)};
    for (std::size_t i = 0; i < values.size(); ++i) {
      columns_[i].push_back(values[i]);
    }
  }
  std::size_t size() const { return columns_.front().size(); }

  PostgresQuery insert() const {
    PostgresQuery query{
        "INSERT INTO secret_logs(id, secret_key, action, ip_address, created_at, extra_data, event_id, prev_hash, "
        "hash) SELECT a, b, c, d, e, f, g, decode(h, 'hex'), decode(i, 'hex') FROM unnest($1::bigint[], $2::uuid[], "
        "$3::text[], $4::text[], $5::timestamptz[], $6::json[], $7::uuid[], $8::text[], $9::text[]) "
        "AS new(a, b, c, d, e, f, g, h, i)"};
    for (const std::vector<std::string>& column : columns_) {
      query.parameters.emplace_back(array_literal(column));
    }
    return query;
  }

 private:
  static constexpr std::size_t kColumns = 9;
  std::array<std::vector<std::string>, kColumns> columns_;
};

}  // namespace

Result<std::unique_ptr<PostgresAuditLog>> PostgresAuditLog::open(const PostgresUrl& url, const SymmetricKey& audit_key,
                                                                 PostgresChecks checks,
                                                                 const PostgresTimeouts& timeouts) {
  std::unique_ptr<PostgresAuditLog> log(
      new PostgresAuditLog(PostgresSession(url, timeouts, std::move(checks)), audit_key));
  const Result<void> created = create_audit_schema(log->session_, audit_key);
  if (!created) {
    return fail(created.error());
  }
  const Result<PostgresResult> found = log->session_.run({std::string(kSelectAuditHead)});
  if (!found) {
    return fail(found.error());
  }
  const Result<SealedHead> sealed = audit_head(*found);
  if (!sealed) {
    return fail(log->session_.about_server(sealed.error()));
  }
  if (!is_sealed_with(*sealed, audit_key)) {
    return fail(log->session_.about_server(
        Error{Errc::kCorrupt,
              "the audit log's head was not sealed with this key file: a wrong key file, or an edited audit log"}));
  }
  log->seen_ = sealed->head;
  return log;
}

Result<void> PostgresAuditLog::append(std::span<const Event> events) {
  if (events.empty()) {
    return {};
  }
  Result<Found> found = begin(events);
  Result<void> written = found ? write(events, std::move(*found)) : fail(found.error());
  if (!written) {
    session_.disconnect();  // and with it a transaction that is open
  }
  return written;
}

Result<PostgresAuditLog::Found> PostgresAuditLog::begin(std::span<const Event> events) {
  std::vector<std::string> ids;
  for (const Event& event : events) {
    ids.push_back(format_uuid(event.id.bytes));
  }
  const PostgresQuery queries[] = {
      {"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
      {std::string(kSelectAuditHead) + " FOR UPDATE"},
      {"SELECT encode(hash, 'hex') FROM secret_logs WHERE id = $1", {std::to_string(seen_.count)}},
      {"SELECT event_id::text FROM secret_logs WHERE event_id = ANY($1::uuid[])", {array_literal(ids)}}};
  const Result<std::vector<PostgresResult>> results = session_.run(queries);
  if (!results) {
    return fail(results.error());
  }
  const Result<ChainHead> head = check_head((*results)[1], (*results)[2]);
  if (!head) {
    return fail(session_.about_server(head.error()));
  }
  Found found{.head = *head, .known = {}};
  const PostgresResult& known = (*results)[3];
  for (int row = 0; row < known.rows(); ++row) {
    found.known.emplace(known.text(row, 0).value_or(""));
  }
  return found;
}

// Other nodes append too, so the head moves on. But what this node has seen must still be part of the chain: a log put
// back to an earlier state has a head that is sealed well, and must not be continued.
Result<ChainHead> PostgresAuditLog::check_head(const PostgresResult& head, const PostgresResult& seen) const {
  const Result<SealedHead> sealed = audit_head(head);
  if (!sealed) {
    return fail(sealed.error());
  }
  if (!is_sealed_with(*sealed, audit_key_)) {
    return fail(Errc::kCorrupt, "the audit log's head was edited, or sealed by a node with another keyring");
  }
  const bool first = seen_.count == 0;
  const bool row_is_there = seen.rows() == 1 && seen.text(0, 0) == to_hex(seen_.hash);
  const bool head_fits = sealed->head.count > seen_.count || sealed->head == seen_;
  if (!head_fits || (!first && !row_is_there)) {
    return fail(Errc::kCorrupt, "the audit log was put back to an earlier state, or edited, while it was in use");
  }
  return sealed->head;
}

// The head is written even when all events are known: only a transaction that writes waits until everything before it,
// such as an earlier attempt of unknown outcome, is on disk and with a synchronous standby.
Result<void> PostgresAuditLog::write(std::span<const Event> events, Found found) {
  seen_ = found.head;
  ChainHead head = found.head;
  NewRows rows;
  for (const Event& event : events) {
    const AuditRow row = audit_row(head.count + 1, event);
    if (!found.known.insert(row.event_id).second) {
      continue;
    }
    const ChainHash hash = row_hash(audit_key_, head.hash, row);
    rows.add(row, head.hash, hash);
    head = ChainHead{.count = row.id, .hash = hash};
  }
  const PostgresQuery queries[] = {
      rows.insert(),
      {"UPDATE secret_logs_head SET count = $1, hash = decode($2, 'hex'), mac = decode($3, 'hex')",
       {std::to_string(head.count), to_hex(head.hash), to_hex(head_mac(audit_key_, head))}},
      {"COMMIT"}};
  const Result<std::vector<PostgresResult>> results = session_.run(queries);
  if (!results) {
    return fail(results.error());
  }
  if ((*results)[0].changes() != static_cast<std::int64_t>(rows.size()) || (*results)[1].changes() != 1) {
    return fail(session_.about_server(Error{Errc::kCorrupt, "a trigger or a rule in the database swallowed rows"}));
  }
  if (results->back().command() != "COMMIT") {
    return fail(session_.about_server(Error{Errc::kUnavailable, "the transaction was rolled back"}));
  }
  seen_ = head;
  return {};
}

Result<bool> PostgresAuditLog::contains(const EventId& id) {
  const Result<PostgresResult> found =
      session_.run({"SELECT FROM secret_logs WHERE event_id = $1::uuid", {format_uuid(id.bytes)}});
  return found ? Result<bool>(found->rows() == 1) : fail(found.error());
}

}  // namespace disposable
