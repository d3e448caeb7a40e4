#include <libpq-fe.h>

#include <charconv>

#include "audit/postgres/postgres_connection.h"

namespace disposable {

std::string array_literal(const std::vector<std::string>& elements) {
  std::string text = "{";
  for (const std::string& element : elements) {
    text += text.size() == 1 ? "\"" : ",\"";
    for (const char c : element) {
      text.append(c == '"' || c == '\\' ? 1 : 0, '\\').push_back(c);
    }
    text += '"';
  }
  return text + "}";
}

void PostgresResult::Clear::operator()(pg_result* result) const { PQclear(result); }

int PostgresResult::rows() const { return PQntuples(result_.get()); }

std::optional<std::string_view> PostgresResult::text(int row, int column) const {
  if (PQgetisnull(result_.get(), row, column) != 0) {
    return std::nullopt;
  }
  const int size = PQgetlength(result_.get(), row, column);
  return std::string_view(PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(size));
}

std::optional<std::int64_t> PostgresResult::integer(int row, int column) const {
  const std::optional<std::string_view> digits = text(row, column);
  std::int64_t value = 0;
  if (!digits) {
    return std::nullopt;
  }
  const char* end = digits->data() + digits->size();
  const auto parsed = std::from_chars(digits->data(), end, value);
  return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional(value) : std::nullopt;
}

std::optional<Bytes> PostgresResult::hex(int row, int column) const {
  const std::optional<std::string_view> digits = text(row, column);
  Result<Bytes> bytes = from_hex(digits.value_or("no value"));
  return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

std::string_view PostgresResult::command() const { return PQcmdStatus(result_.get()); }

std::int64_t PostgresResult::changes() const {
  const std::string_view digits = PQcmdTuples(result_.get());
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace disposable
