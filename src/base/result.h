// Result<T>: a value or an Error, and a compiler warning (an error in CI) when it is dropped.
//
// Failures a caller can meet are values; exceptions are for broken invariants and out-of-memory.
// A deliberate drop is spelled ignore(result, "why") so that it can be searched for.

#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace disposable {

// The closed set of failures. A backend that cannot answer is kUnavailable and never kNotFound: a dead store must look
// dead, not empty.
enum class Errc : std::uint8_t {
  kInvalidArgument,  // the input is malformed
  kNotFound,         // never existed, expired or purged
  kSpent,            // retrieved or deleted before
  kDenied,           // wrong or missing passphrase
  kWrongProof,       // wrong or missing proof of the link's key
  kLocked,           // too many of these; nothing is looked at before `retry_after`
  kRateLimited,      // try again after `retry_after`
  kAlreadyExists,    // insert met an existing id
  kConflict,         // compare-and-swap lost; load again
  kUnavailable,      // the outcome is unknown or the change was refused; nothing may be revealed
  kStorageFull,      // an insert is over what may be stored; nothing has happened
  kCorrupt,          // stored bytes do not decode or do not decrypt
  kInternal,         // a defect of ours
};

struct Error {
  Errc code = Errc::kInternal;
  // For the operator's log: constant text plus a backend's message. Never user input, keys or payload.
  std::string detail{};
  // Only for kRateLimited, kLocked, kUnavailable and kStorageFull; zero means "no better guess".
  std::chrono::seconds retry_after{0};
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(Errc code, std::string detail) {
  return tl::unexpected<Error>(Error{code, std::move(detail), std::chrono::seconds{0}});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

template <class T>
void ignore(const Result<T>& /*result*/, std::string_view /*why*/) {}

// Aborts with `what` when an invariant of our own does not hold. Always on; input never reaches one.
inline void check(bool holds, const char* what) {
  if (holds) {
    return;
  }
  std::fprintf(stderr, "invariant broken: %s\n", what);
  std::abort();
}

}  // namespace disposable
