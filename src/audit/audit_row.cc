#include "audit/audit_row.h"

#include <algorithm>

namespace disposable {

AuditRow audit_row(std::int64_t id, const Event& event) {
  return AuditRow{.id = id,
                  .secret_key = format_uuid(event.fingerprint.bytes),
                  .action = std::string(action_name(event.action)),
                  .ip_address = event.address,
                  .created_at = format_utc(event.at),
                  .extra_data = event.extra_data,
                  .event_id = format_uuid(event.id.bytes)};
}

namespace {

// The 16 bytes that format_uuid() shows so; anything for another text.
std::array<std::uint8_t, 16> uuid_bytes(std::string text) {
  std::array<std::uint8_t, 16> bytes{};
  std::erase(text, '-');
  const Result<Bytes> decoded = from_hex(text);
  if (decoded && decoded->size() == bytes.size()) {
    std::copy(decoded->begin(), decoded->end(), bytes.begin());
  }
  return bytes;
}

}  // namespace

Result<Event> event_of(const AuditRow& row) {
  Event event;
  event.id.bytes = uuid_bytes(row.event_id);
  event.fingerprint.bytes = uuid_bytes(row.secret_key);
  event.action = action_from_name(row.action).value_or(Action::kCreated);
  event.at = parse_utc(row.created_at).value_or(WallTime{});
  event.address = row.ip_address;
  event.extra_data = row.extra_data;
  if (audit_row(row.id, event) != row) {
    return fail(Errc::kCorrupt, "row " + std::to_string(row.id) + " of the audit log was not written by this program");
  }
  return event;
}

}  // namespace disposable
