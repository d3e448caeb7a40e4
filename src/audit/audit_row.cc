#include "audit/audit_row.h"

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

}  // namespace disposable
