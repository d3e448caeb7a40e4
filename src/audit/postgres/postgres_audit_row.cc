#include "audit/postgres/postgres_audit_row.h"

namespace disposable {

namespace {

constexpr int kFirstHashColumn = 7;

std::optional<ChainHash> hash_column(const PostgresResult& result, int row, int column) {
  const std::optional<Bytes> bytes = result.hex(row, column);
  return bytes ? to_chain_hash(*bytes) : std::nullopt;
}

}  // namespace

std::optional<AuditRow> audit_columns(const PostgresResult& result, int row) {
  const std::optional<std::int64_t> id = result.integer(row, 0);
  std::array<std::string, 6> texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::optional<std::string_view> text = result.text(row, static_cast<int>(i) + 1);
    if (!text) {
      return std::nullopt;
    }
    texts[i] = *text;
  }
  if (!id) {
    return std::nullopt;
  }
  return AuditRow{.id = *id,
                  .secret_key = std::move(texts[0]),
                  .action = std::move(texts[1]),
                  .ip_address = std::move(texts[2]),
                  .created_at = std::move(texts[3]),
                  .extra_data = std::move(texts[4]),
                  .event_id = std::move(texts[5])};
}

ChainRow chain_row(const PostgresResult& result, int row) {
  return {.id = result.integer(row, 0).value_or(0),
          .columns = audit_columns(result, row),
          .previous = hash_column(result, row, kFirstHashColumn),
          .hash = hash_column(result, row, kFirstHashColumn + 1)};
}

Result<SealedHead> audit_head(const PostgresResult& result) {
  if (result.rows() == 0) {
    return fail(Errc::kCorrupt, "the head of the audit log is missing");
  }
  const std::optional<std::int64_t> count = result.integer(0, 0);
  const std::optional<ChainHash> hash = hash_column(result, 0, 1);
  const std::optional<ChainHash> mac = hash_column(result, 0, 2);
  if (result.rows() != 1 || !count || !hash || !mac) {
    return fail(Errc::kCorrupt, "the head of the audit log is malformed");
  }
  return SealedHead{.head = {.count = *count, .hash = *hash}, .mac = *mac};
}

}  // namespace disposable
