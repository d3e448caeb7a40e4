// A link as a QR code on a terminal.

#pragma once

#include <string>

#include "crypto/secret_bytes.h"

namespace disposable {

// Lines of half blocks, dark on light whatever the terminal's colours are, with the border that readers need.
SecretBytes qr_code(const SecretBytes& text);

}  // namespace disposable
