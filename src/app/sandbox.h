// The sandbox of `serve`: what the process gives up before it talks to strangers.

#pragma once

#include <filesystem>
#include <string>

#include "app/landlock.h"
#include "app/options.h"

namespace disposable {

struct SandboxState {
  std::string landlock;     // "abi 7", "unsupported", "off"
  std::string seccomp;      // "on", "unsupported", "off"
  std::string memory_lock;  // "on", "refused"
};

// What the service manager says in the environment; empty without one.
struct ManagerPaths {
  std::string notify_socket;          // NOTIFY_SOCKET
  std::filesystem::path credentials;  // CREDENTIALS_DIRECTORY
};

// What a service with these options may reach: its data folder; the folders of configuration file, certificate and
// tokens, since files there are replaced by new ones of the same name, where links lead, too; those of its Unix
// sockets; its ports. The key file is in none of them unless it lies beside such a file; so of the manager's
// credentials, which are never replaced and among which it may be, only the files. With servers elsewhere or webhooks,
// what finding an address and checking a certificate reads.
LandlockRules landlock_rules(const ServeOptions& options, const ManagerPaths& manager);

// Both do nothing with --no-sandbox, and what the kernel offers otherwise; an error is a refusal although it offers it.
//
// Files and ports. Call it when the keyring has been read and the data folder exists, before any thread is started.
Result<void> confine_files(const ServeOptions& options);
// System calls. Call it when everything is open and bound, before the first request.
Result<void> confine_system_calls(const ServeOptions& options);

// What will hold for a service with these options, from what the kernel offers: ask before confine_system_calls(),
// which forbids the question.
SandboxState sandbox_state(const ServeOptions& options);

}  // namespace disposable
