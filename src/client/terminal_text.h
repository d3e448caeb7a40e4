// Text of others on a terminal: what could steer the terminal is shown instead of sent to it. Pure functions.

#pragma once

#include <string>
#include <string_view>

#include "crypto/secret_bytes.h"

namespace disposable {

// Tabs and line ends stay; other control characters (C0, DEL, C1), characters that turn the direction of writing or
// have no width, and bytes that are no UTF-8 become \xNN or \u{NNNN}.
SecretBytes harmless_text(ByteView text);

// The same for a name in a sentence: line ends and tabs are shown, too.
std::string harmless_name(std::string_view name);

}  // namespace disposable
