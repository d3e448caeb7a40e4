#include "audit/postgres/postgres_schema.h"

#include "audit/chain.h"

namespace disposable {

namespace {

constexpr int kAuditVersion = 1;

// Index k brings version k to version k + 1.
using Versions = std::vector<std::vector<PostgresQuery>>;

// As in SQLite there is no index over secret_key, whose values are random, and one over created_at, which grows.
Versions audit_versions(const SymmetricKey& audit_key) {
  const ChainHead head;
  return {{
      {"CREATE TABLE secret_logs(id bigint PRIMARY KEY, secret_key uuid NOT NULL, action text NOT NULL, "
       "ip_address text NOT NULL, created_at timestamptz(3) NOT NULL, extra_data json NOT NULL, "
       "event_id uuid NOT NULL UNIQUE, prev_hash bytea NOT NULL, hash bytea NOT NULL)"},
      {"CREATE INDEX secret_logs_created_at ON secret_logs(created_at)"},
      {"CREATE TABLE secret_logs_head(one boolean PRIMARY KEY DEFAULT true CHECK (one), count bigint NOT NULL, "
       "hash bytea NOT NULL, mac bytea NOT NULL)"},
      {"INSERT INTO secret_logs_head(count, hash, mac) VALUES (0, decode($1, 'hex'), decode($2, 'hex'))",
       {to_hex(head.hash), to_hex(head_mac(audit_key, head))}},
  }};
}

Versions ledger_versions() {
  return {{
      {"CREATE TABLE reveal_ledger(secret bytea PRIMARY KEY, claim uuid NOT NULL, expires_at timestamptz NOT NULL)"},
      {"CREATE INDEX reveal_ledger_expires_at ON reveal_ledger(expires_at)"},
  }};
}

Versions webhook_versions() {
  return {{
      {"CREATE TABLE webhook_deliveries(event uuid, kind smallint, fingerprint uuid NOT NULL, webhook bytea NOT NULL, "
       "destination uuid NOT NULL, body text NOT NULL, created_at bigint NOT NULL, due bigint NOT NULL, "
       "attempts integer NOT NULL, settled_at bigint, PRIMARY KEY (event, kind))"},
      {"CREATE INDEX webhook_deliveries_due ON webhook_deliveries(kind, due, created_at, event) WHERE settled_at IS "
       "NULL"},
      {"CREATE INDEX webhook_deliveries_settled ON webhook_deliveries(settled_at) WHERE settled_at IS NOT NULL"},
  }};
}

Result<std::int64_t> select_version(PostgresSession& session, const std::string& component) {
  const Result<PostgresResult> found =
      session.run({"SELECT version FROM disposable_schema WHERE component = $1", {component}});
  if (!found) {
    return fail(found.error());
  }
  return found->rows() == 0 ? 0 : found->integer(0, 0).value_or(-1);
}

// 0 when there is none. Needs no right to create anything.
Result<std::int64_t> installed_version(PostgresSession& session, const std::string& component) {
  const Result<PostgresResult> table = session.run({"SELECT to_regclass('disposable_schema')"});
  if (!table) {
    return fail(table.error());
  }
  return table->text(0, 0) ? select_version(session, component) : 0;
}

Error unknown_version(const PostgresSession& session, const std::string& component, std::int64_t version,
                      std::size_t known) {
  return session.about_server(Error{Errc::kCorrupt, "the tables of the " + component + " have version " +
                                                        std::to_string(version) + ", this program knows version " +
                                                        std::to_string(known)});
}

// Takes the lock and looks again: another node may have been faster. Leaves the transaction open.
Result<std::int64_t> lock_schema(PostgresSession& session, const std::string& component) {
  const PostgresQuery queries[] = {
      {"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
      {"SELECT pg_advisory_xact_lock(1146306933)"},  // "DSau"
      {"CREATE TABLE IF NOT EXISTS disposable_schema(component text PRIMARY KEY, version integer NOT NULL)"}};
  const Result<std::vector<PostgresResult>> locked = session.run(queries);
  return locked ? select_version(session, component) : fail(locked.error());
}

Result<void> bring_up(PostgresSession& session, const std::string& component, const Versions& versions) {
  const Result<std::int64_t> version = lock_schema(session, component);
  if (!version) {
    return fail(version.error());
  }
  const auto known = static_cast<std::int64_t>(versions.size());
  std::vector<PostgresQuery> queries;
  for (std::int64_t next = *version; next >= 0 && next < known; ++next) {
    const std::vector<PostgresQuery>& steps = versions[static_cast<std::size_t>(next)];
    queries.insert(queries.end(), steps.begin(), steps.end());
  }
  if (!queries.empty()) {
    queries.push_back(
        {"INSERT INTO disposable_schema VALUES ($1, $2) ON CONFLICT (component) DO UPDATE SET version = $2",
         {component, std::to_string(known)}});
  }
  queries.push_back({"COMMIT"});
  const Result<std::vector<PostgresResult>> done = session.run(queries);
  return done ? Result<void>{} : fail(done.error());
}

Result<void> create_schema(PostgresSession& session, const std::string& component, const Versions& versions) {
  const Result<std::int64_t> before = installed_version(session, component);
  if (!before) {
    return fail(before.error());
  }
  const auto known = static_cast<std::int64_t>(versions.size());
  if (*before >= 0 && *before < known) {
    Result<void> brought_up = bring_up(session, component, versions);
    if (!brought_up) {
      return brought_up;
    }
  }
  const Result<std::int64_t> version = *before == known ? before : installed_version(session, component);
  if (!version) {
    return fail(version.error());
  }
  return *version == known ? Result<void>{} : fail(unknown_version(session, component, *version, versions.size()));
}

}  // namespace

Result<void> create_audit_schema(PostgresSession& session, const SymmetricKey& audit_key) {
  return create_schema(session, "audit", audit_versions(audit_key));
}

Result<void> create_ledger_schema(PostgresSession& session) {
  return create_schema(session, "ledger", ledger_versions());
}

Result<void> create_webhook_schema(PostgresSession& session) {
  return create_schema(session, "webhooks", webhook_versions());
}

Result<void> identify_audit_schema(PostgresSession& session) {
  const Result<std::int64_t> version = installed_version(session, "audit");
  if (!version) {
    return fail(version.error());
  }
  if (*version == 0) {
    return fail(session.about_server(Error{Errc::kNotFound, "there is no audit log here"}));
  }
  if (*version != kAuditVersion) {
    return fail(unknown_version(session, "audit", *version, kAuditVersion));
  }
  // A view could show other rows than there are.
  const Result<PostgresResult> tables =
      session.run({"SELECT count(*) FROM pg_class WHERE relkind = 'r' AND "
                   "oid IN (to_regclass('secret_logs'), to_regclass('secret_logs_head'))"});
  if (!tables) {
    return fail(tables.error());
  }
  if (tables->integer(0, 0) != 2) {
    return fail(session.about_server(Error{Errc::kCorrupt, "secret_logs or secret_logs_head is no table any more"}));
  }
  return {};
}

Result<void> retire_audit_schema(PostgresSession& session, std::uint64_t rows) {
  const PostgresQuery looks[] = {
      {"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
      {"SELECT count FROM secret_logs_head FOR UPDATE"},
      {"SELECT coalesce(max(substring(relname from '^secret_logs_moved_([0-9]{1,9})$')::bigint), 0) + 1 FROM pg_class "
       "WHERE relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('secret_logs'))"}};
  const Result<std::vector<PostgresResult>> looked = session.run(looks);
  if (!looked) {
    return fail(looked.error());
  }
  const PostgresResult& head = (*looked)[1];
  if (head.rows() != 1 || head.integer(0, 0) != static_cast<std::int64_t>(rows)) {
    session.disconnect();
    return fail(session.about_server(
        Error{Errc::kUnavailable, "the audit log has grown meanwhile; stop all nodes and run this again"}));
  }
  const std::string moved = "moved_" + std::to_string(looked->back().integer(0, 0).value_or(1));
  const PostgresQuery renames[] = {
      {"ALTER TABLE secret_logs RENAME TO secret_logs_" + moved},
      {"ALTER INDEX secret_logs_created_at RENAME TO secret_logs_" + moved + "_created_at"},
      {"ALTER TABLE secret_logs_head RENAME TO secret_logs_head_" + moved},
      {"DELETE FROM disposable_schema WHERE component = 'audit'"},
      {"COMMIT"}};
  const Result<std::vector<PostgresResult>> renamed = session.run(renames);
  return renamed ? Result<void>{} : fail(renamed.error());
}

Result<std::optional<RetiredLog>> audit_schema_retired(PostgresSession& session) {
  const Result<PostgresResult> found = session.run(
      {"SELECT to_regclass('secret_logs') IS NULL, max(substring(relname from '[0-9]+$')::bigint) FROM pg_class "
       "WHERE relkind = 'r' AND relname ~ '^secret_logs_moved_[0-9]{1,9}$' AND pg_table_is_visible(oid)"});
  if (!found) {
    return fail(found.error());
  }
  const std::optional<std::int64_t> number = found->integer(0, 1);
  if (found->text(0, 0) != "t" || !number) {
    return std::nullopt;
  }
  const Result<PostgresResult> last = session.run(
      {"SELECT id, event_id FROM secret_logs_moved_" + std::to_string(*number) + " ORDER BY id DESC LIMIT 1"});
  if (!last) {
    return fail(last.error());
  }
  return last->rows() == 0 ? RetiredLog{}
                           : RetiredLog{last->integer(0, 0).value_or(0), std::string(last->text(0, 1).value_or(""))};
}

Result<std::string> identity_of_audit_schema(PostgresSession& session) {
  const Result<PostgresResult> found =
      session.run({"SELECT pg_postmaster_start_time()::text || ' ' || oid || ' ' || to_regclass('secret_logs')::oid "
                   "FROM pg_database WHERE datname = current_database()"});
  if (!found) {
    return fail(found.error());
  }
  return found->rows() == 0 ? std::string{} : std::string(found->text(0, 0).value_or(""));
}

}  // namespace disposable
