// Addresses of a host's name, by c-ares: /etc/hosts, then the name servers of /etc/resolv.conf. Not by getaddrinfo(),
// which loads shared libraries, and those a static executable must not have. Thread-safe.

#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace disposable {

// Numeric addresses, the best first; at least one. A host that is an address is its own. What is localhost is this
// machine and asks nobody (RFC 6761): to it alone plain http goes. kNotFound: there is no such name, or it has no
// address; kUnavailable: no name server has answered in time, or before `stop` was requested.
Result<std::vector<std::string>> addresses_of(const std::string& host, std::chrono::milliseconds timeout,
                                              const std::stop_token& stop = {});

// Of the linked library, for example "1.18.1".
std::string_view c_ares_version();

}  // namespace disposable
