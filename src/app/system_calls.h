// An allow-list of system calls (seccomp, by libseccomp): what the service and its libraries use once they serve.

#pragma once

#include <cstdint>

#include "base/result.h"

namespace disposable {

// Whether the kernel can filter system calls.
bool system_call_filter_supported();

// Whether the process opens connections of its own.
enum class Connects : std::uint8_t {
  kToNobody,
  kToServers,  // of its store or audit log, and to webhooks: Internet sockets, and what finding their addresses takes
};

// Restricts all threads of the process, and those started later, for good: no new listener, no new process, no
// executable memory. Needs no_new_privs. What is not on the list fails with ENOSYS, as on an older kernel, since that
// is what libraries have a second way for; what no part of the service can ever want (execve, ptrace, mount and their
// like) ends the process. Without seccomp it does nothing.
Result<void> apply_system_call_filter(Connects connects);

}  // namespace disposable
