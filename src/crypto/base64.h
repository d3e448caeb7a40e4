// Base64 with padding (RFC 4648, section 4), for forms that others have laid down. Of our own forms: base64url.h.
//
// Pure functions, thread-safe.

#pragma once

#include <string>
#include <string_view>

#include "crypto/secret_bytes.h"

namespace disposable {

std::string base64_encode(ByteView bytes);
SecretBytes base64_encode_secret(ByteView bytes);
// kInvalidArgument for another character, missing padding, or bits at the end that mean nothing.
Result<SecretBytes> base64_decode(std::string_view text);

}  // namespace disposable
