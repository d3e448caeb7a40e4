// What the process does to itself before it holds a secret.

#pragma once

#include "base/result.h"

namespace disposable {

// Files are created for the owner only; the process writes no core and cannot be traced by its own user; the allocator
// keeps few arenas, so that freed memory of many threads does not pile up; OpenSSL wipes what it frees. To be called
// before anything of OpenSSL.
Result<void> harden_process();

}  // namespace disposable
