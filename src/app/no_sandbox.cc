// In place of landlock.cc and system_calls.cc where the process cannot be confined: the kernel offers nothing.

#include "app/landlock.h"
#include "app/system_calls.h"

namespace disposable {

int landlock_version() { return 0; }
Result<void> apply_landlock(const LandlockRules& /*rules*/) { return {}; }

bool system_call_filter_supported() { return false; }
Result<void> apply_system_call_filter(Connects /*connects*/) { return {}; }

}  // namespace disposable
