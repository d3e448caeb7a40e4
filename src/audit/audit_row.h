// AuditRow: one line of `secret_logs` as it is stored, in every backend.
//
// All columns are text, so that the log can be read with the database's own shell. A value.

#pragma once

#include <cstdint>
#include <string>

#include "core/event.h"

namespace disposable {

struct AuditRow {
  std::int64_t id = 0;     // 1 for the first row, then without gaps
  std::string secret_key;  // the fingerprint in UUID form; never the key itself
  std::string action;      // action_name()
  std::string ip_address;  // the client's; empty for what the service did by itself
  std::string created_at;  // format_utc()
  std::string extra_data;  // a JSON object
  std::string event_id;    // UUID form; unique

  bool operator==(const AuditRow&) const = default;
};

AuditRow audit_row(std::int64_t id, const Event& event);
// The event that audit_row() shows so. kCorrupt for a row that it never made.
Result<Event> event_of(const AuditRow& row);

}  // namespace disposable
