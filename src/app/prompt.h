// What is asked of the person at the terminal, without showing what is typed. The terminal is the process's own, not
// standard input, which may be a pipe.

#pragma once

#include <string_view>

#include "client/client_error.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// One line, without its end. Echo is back on when this returns, and also when a signal ends the process meanwhile.
// kHere: there is no terminal; nothing was typed, or more than a line, or more than fits into one. What was pasted is
// used whole or not at all, and nothing of it is left for the shell.
Outcome<SecretBytes> ask_unseen(std::string_view question);

// Twice, and the same both times.
Outcome<SecretBytes> ask_unseen_twice(std::string_view question, std::string_view again);

}  // namespace disposable
