// `disposable-secrets audit` and `audit verify`. Both return the exit code.

#pragma once

#include "app/options.h"
#include "base/clock.h"

namespace disposable {

int list_audit_log(const AuditListOptions& options, Clock& clock);
int verify_audit_log_file(const AuditVerifyOptions& options);

}  // namespace disposable
