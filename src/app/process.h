// What the process does to itself before it holds a secret, and what it finds wrong with its surroundings.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/options.h"
#include "base/result.h"

namespace disposable {

// Files are created for the owner only; the process writes no core, cannot be traced by its own user and gains no
// privileges by executing anything: each is read back. It may open as many files as the system lets it. The allocator
// gives memory back; OpenSSL wipes what it frees. To be called before anything of OpenSSL.
Result<void> harden_process();

// The allocator keeps few arenas, so that freed memory of many threads does not pile up, and no large block in any.
void return_freed_memory();

// How many connections leave the store and the audit log the descriptors that they need, when the process may have
// `descriptors`: a store that is refused a new file has to end.
std::uint64_t connections_within(std::uint64_t descriptors);
// What the process may have.
std::uint64_t descriptor_limit();

struct HygieneWarning {
  std::string_view message;  // constant
  std::string file;          // empty: it is about no file
};

// For the operator: what makes a service weaker than it could be, and is allowed: being root or having
// capabilities, but for binding low ports; a data folder, configuration file or TLS key that others can read or change.
// Files that are missing or cannot be looked at are not the matter here.
std::vector<HygieneWarning> hygiene_warnings(const ServeOptions& options);

}  // namespace disposable
