#include "app/process.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "http/tls_library.h"

namespace disposable {

Result<void> harden_process() {
  ::umask(S_IRWXG | S_IRWXO);
  const rlimit no_core{0, 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0 || ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return fail(Errc::kUnavailable, "core dumps cannot be switched off");
  }
#if defined(M_ARENA_MAX)
  constexpr int kArenas = 16;
  ::mallopt(M_ARENA_MAX, kArenas);
#endif
  wipe_openssl_memory();
  return {};
}

}  // namespace disposable
