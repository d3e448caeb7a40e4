// What requests of API v2 bring: JSON bodies, and the options that a body of bytes has in header fields.
//
// Validated as those of v1 (http/json_fields.h); what is wrong with a header field has its name as its place. Keys are
// taken as text: a malformed one is answered as an unknown one. Pure functions, thread-safe. They throw nothing but
// bad_alloc.

#pragma once

#include "core/shared_secret.h"
#include "http/json_body.h"
#include "http/message.h"

namespace disposable {

// When nothing is said: a day, or the longest time there is.
std::chrono::seconds default_ttl_v2(const BodyLimits& limits);

// Bytes with their options in Secret-TTL, Secret-Views, Secret-Passphrase, Secret-Proof, Secret-Webhook and
// Idempotency-Key.
Validated<NewSharedSecret> parse_new_bytes(const Request& request, const BodyLimits& limits);
// JSON; of the header fields only Idempotency-Key may be there, so that no option is lost unnoticed. For the same
// reason a field is refused that is there twice, and whatever protects secrets elsewhere and not here.
Validated<NewSharedSecret> parse_new_text(const Request& request, const BodyLimits& limits);

// Of whoever retrieves or deletes.
struct AccessBody {
  SecretBytes secret_key;
  Access access;
  SecretBytes claim;  // empty: none
};
Validated<AccessBody> parse_retrieve_body(ByteView body, const BodyLimits& limits);
Validated<AccessBody> parse_delete_body_v2(ByteView body, const BodyLimits& limits);

// One key, in the field of that name.
Validated<SecretBytes> parse_key_body(ByteView body, std::string_view name);

struct NewRequestBody {
  std::chrono::seconds ttl{};
  SecretBytes webhook;  // empty: none
};
Validated<NewRequestBody> parse_new_request_body(const Request& request, const BodyLimits& limits);

struct RequestKeysBody {
  SecretBytes fill_key;
  SecretBytes request_key;
};
Validated<RequestKeysBody> parse_request_keys_body(ByteView body);

// Bytes, with the key in Request-Fill-Key, and perhaps an Idempotency-Key.
struct FillBody {
  SecretBytes fill_key;
  SecretBytes secret;
  std::string idempotency_key;
};
Validated<FillBody> parse_fill(const Request& request);

}  // namespace disposable
