// AuditLog: where the projector writes events. A projection of the outbox, never ahead of the store.

#pragma once

#include <span>

#include "core/event.h"

namespace disposable {

// One thread only (the projector's).
class AuditLog {
 public:
  AuditLog() = default;
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;
  virtual ~AuditLog() = default;

  // Appends in order, in one transaction that is durable on return. An event whose id is there already is skipped, so a
  // repeated call after a crash changes nothing. kUnavailable: nothing was appended, or it is unknown; call again.
  virtual Result<void> append(std::span<const Event> events) = 0;

  virtual Result<bool> contains(const EventId& id) = 0;
};

}  // namespace disposable
