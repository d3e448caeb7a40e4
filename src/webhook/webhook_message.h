// What a webhook is told: the body, and the signature by which the receiver knows who says so.
//
// Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): three header fields, of which `webhook-id` is the event's
// id and the same for every attempt, and `webhook-signature` covers id, time and body with HMAC-SHA256. The body names
// the secret by its fingerprint alone, as the audit log does. Pure functions, thread-safe.

#pragma once

#include <string>
#include <string_view>

#include "core/event.h"
#include "crypto/secret_bytes.h"

namespace disposable {

// Whether the operator is told: of everything but guesses, which anybody with half a link could make without end, and
// repeated answers, which are no second reading.
bool is_told_to_server(const Event& event);

// {"type":"secret.retrieved","timestamp":"...","data":{"fingerprint":"...", then what the audit log has in extra_data}}
std::string webhook_body(const Event& event);

// "v1,<base64>". `at` is what `webhook-timestamp` says, in seconds.
std::string sign_webhook(ByteView key, const EventId& id, std::int64_t at, std::string_view body);

// "whsec_<base64 of 24 to 64 bytes>", as the standard shows keys; blanks and line ends around it are passed over.
// kInvalidArgument for anything else.
Result<SecretBytes> parse_webhook_key(std::string_view text);

}  // namespace disposable
