#include "http/json_body.h"

namespace disposable {

Validated<CreateBody> parse_create_body(ByteView body, const BodyLimits& limits) {
  JsonFields fields(body, {"secret", "passphrase", "ttl_seconds"}, JsonFields::Empty::kMistake);
  CreateBody valid{fields.required_text("secret", 1, limits.secret_bytes_max),
                   fields.text("passphrase", limits.passphrase_bytes_max),
                   std::chrono::seconds{fields.integer("ttl_seconds", 1, limits.ttl_max.count(), kTtlDefault.count())}};
  if (!fields.errors.empty()) {
    return tl::unexpected(fields.errors.take());
  }
  return valid;
}

Validated<DeleteBody> parse_delete_body(ByteView body, const BodyLimits& limits) {
  JsonFields fields(body, {"passphrase"}, JsonFields::Empty::kNoFields);
  DeleteBody valid{fields.text("passphrase", limits.passphrase_bytes_max)};
  if (!fields.errors.empty()) {
    return tl::unexpected(fields.errors.take());
  }
  return valid;
}

}  // namespace disposable
