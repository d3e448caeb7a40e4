// AccessLog: one line for each request, JSON or, on a terminal, text.
//
// No secret can reach it: of what a client sends it takes the method, of which only known ones are written, and the
// address; the path is a number in the table of operations. Thread-safe; formatting allocates nothing.

#pragma once

#include <atomic>

#include "base/log.h"
#include "crypto/random.h"
#include "http/api.h"

namespace disposable {

struct AccessLine {
  std::string_view method;  // as it was sent; what we do not know is written as "other"
  RouteIndex route = kUnmatchedRoute;
  int status = 0;
  std::chrono::nanoseconds duration{0};  // from the first byte of the head until the answer was handed to the kernel
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::string_view address{};      // as inet_ntop() writes it, or "unix"; other characters are written as "?"
  std::string_view tls_version{};  // as SSL_get_version() says it; empty without TLS
};

class AccessLog {
 public:
  // Borrows log and clock, which must outlive it.
  AccessLog(Log& log, Clock& clock, Random& random);

  // Nothing when the log's level leaves requests out.
  void write(const AccessLine& line);

 private:
  Log& log_;
  Clock& clock_;
  // Counts on from a random number: unique in this process, and not likely met in another.
  std::atomic<std::uint64_t> next_id_;
};

}  // namespace disposable
