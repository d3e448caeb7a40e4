// How links are printed. They are capabilities: nothing else repeats them.

#pragma once

#include <string_view>

#include "crypto/secret_bytes.h"

namespace disposable {

// Alone on a line of standard output; before it, where it is wanted, as a QR code on standard error.
void print_link(const SecretBytes& link, bool qr);

// On standard error, with a word before it.
void print_noted_link(std::string_view what, const SecretBytes& link);

}  // namespace disposable
