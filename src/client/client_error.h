// What a command of the client says when it cannot do what it was asked for. The numbers are exit codes, for scripts.

#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace disposable {

// 0 is success and 2 a mistake on the command line, as for every command.
enum class ClientFailure : std::uint8_t {
  kHere = 1,         // a file, the terminal, what was typed
  kUsage = 2,        // the command line, the environment or the configuration
  kNotFound = 3,     // never existed, or expired
  kGone = 4,         // retrieved or deleted before
  kWrong = 5,        // passphrase or key wrong, or locked after too many wrong ones
  kRefused = 6,      // the server does not want it: limits, permission, size
  kUnavailable = 7,  // no answer, or one that says to try again later
  kNoAnswerYet = 8,  // who was asked has not answered; nothing is wrong
};

// One sentence for a person, and perhaps one on what to do about it. No secret, key, passphrase or link is in either.
struct ClientError {
  ClientFailure failure = ClientFailure::kHere;
  std::string message{};
  std::string hint{};
  std::chrono::seconds retry_after{0};  // how long the server wants nothing to be asked; 0: it has not said
};

template <class T>
class [[nodiscard]] Outcome : public tl::expected<T, ClientError> {
 public:
  using tl::expected<T, ClientError>::expected;
};

inline tl::unexpected<ClientError> client_fail(ClientFailure failure, std::string message, std::string hint = {}) {
  return tl::unexpected<ClientError>(ClientError{failure, std::move(message), std::move(hint)});
}
inline tl::unexpected<ClientError> client_fail(ClientError error) {
  return tl::unexpected<ClientError>(std::move(error));
}

}  // namespace disposable
