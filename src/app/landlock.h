// Landlock: the process gives up the file system but for a few folders, and TCP but for its own ports.
//
// Source: https://docs.kernel.org/userspace-api/landlock.html; each kernel offers a version of the interface ("ABI"),
// and what a version lacks is left out.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace disposable {

struct LandlockRules {
  std::vector<std::filesystem::path> writable;  // folders: everything beneath, but for executing and devices
  std::vector<std::filesystem::path> readable;  // files, or folders and all beneath; what is missing is passed over
  std::vector<std::filesystem::path> sockets;   // folders: Unix sockets come and go there
  std::vector<std::uint16_t> ports;             // TCP ports that may be bound (ABI 4); 0: any free one
  bool connects = false;                        // to any TCP port (ABI 4); else to none
  bool abstract_sockets = false;                // abstract Unix sockets of other processes may be reached (ABI 6)
};

// The kernel's ABI version; 0 when it has no Landlock or has it switched off.
int landlock_version();

// Restricts the calling thread and all that it starts from now on, for good: call it before any thread is started.
// Files that are open stay open. Needs no_new_privs. Without Landlock it does nothing.
Result<void> apply_landlock(const LandlockRules& rules);

}  // namespace disposable
