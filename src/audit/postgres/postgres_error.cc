#include "audit/postgres/postgres_error.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>

namespace disposable {

namespace {

// Table, column, function or type that is not there or is another; a name that is taken.
constexpr std::array<std::string_view, 7> kForeignSchema{"42P01", "42703", "42883", "42804", "42P07", "42710", "42809"};
constexpr std::array<std::string_view, 2> kDamage{"XX001", "XX002"};

Errc errc_of(std::string_view state) {
  const auto is_in = [state](const auto& states) {
    return std::find(states.begin(), states.end(), state) != states.end();
  };
  if (state.starts_with("22")) {
    return Errc::kInternal;
  }
  return state.starts_with("23") || is_in(kForeignSchema) || is_in(kDamage) ? Errc::kCorrupt : Errc::kUnavailable;
}

}  // namespace

std::string one_line(std::string_view message) {
  std::string line;
  for (const char c : message) {
    const bool blank = static_cast<unsigned char>(c) <= ' ';
    if (!blank) {
      line.push_back(c);
    } else if (!line.empty() && line.back() != ' ') {
      line.push_back(' ');
    }
  }
  if (!line.empty() && line.back() == ' ') {
    line.pop_back();
  }
  return line.empty() ? "no message" : line;
}

Error server_error(const pg_result* result) {
  const char* state_field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state_field == nullptr) {  // libpq's own: the connection is gone
    return Error{Errc::kUnavailable, one_line(PQresultErrorMessage(result))};
  }
  const std::string_view state = state_field;
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string detail = one_line(primary == nullptr ? "" : primary);
  if (state.starts_with("22")) {
    detail = "a value was refused";  // the message would repeat it
  } else if (state == "25006") {
    detail = "the server takes no changes: it is a standby, or read-only";
  }
  return Error{errc_of(state), detail + " (SQLSTATE " + std::string(state) + ")"};
}

}  // namespace disposable
