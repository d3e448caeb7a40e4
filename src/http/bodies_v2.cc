#include "http/bodies_v2.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/utf8.h"
#include "core/webhook_url.h"

namespace disposable {

namespace {

using Empty = JsonFields::Empty;

constexpr std::string_view kIdempotencyKey = "Idempotency-Key";
constexpr std::string_view kTtl = "Secret-TTL";
constexpr std::string_view kViews = "Secret-Views";
constexpr std::string_view kPassphrase = "Secret-Passphrase";
constexpr std::string_view kProof = "Secret-Proof";
constexpr std::string_view kWebhook = "Secret-Webhook";
constexpr std::string_view kFillKey = "Request-Fill-Key";

constexpr std::array kOptions{kTtl, kViews, kPassphrase, kProof, kWebhook};

// The body's own bound is enough: what is too long for a key is an unknown one.
constexpr std::size_t kAnyLength = SIZE_MAX;

void forbid(std::string_view field, FieldErrors& errors) {
  errors.add("extra_forbidden", field, "Extra inputs are not permitted");
}

// Where options stand elsewhere, or nowhere: none is to be lost unnoticed, and least one that protects.
void forbid_options(const Request& request, FieldErrors& errors) {
  for (const std::string_view name : kOptions) {
    if (request.header(name)) {
      forbid(name, errors);
    }
  }
}

// Two readers could take one or the other.
void forbid_repeated(const Request& request, std::initializer_list<std::string_view> names, FieldErrors& errors) {
  for (const std::string_view name : names) {
    if (request.count(name) > 1) {
      forbid(name, errors);
    }
  }
}

std::int64_t integer_header(const Request& request, std::string_view name, std::int64_t most, std::int64_t when_absent,
                            FieldErrors& errors) {
  const std::optional<std::string_view> text = request.header(name);
  if (!text) {
    return when_absent;
  }
  std::int64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, problem] = std::from_chars(text->data(), end, value);
  if (stop != end || problem == std::errc::invalid_argument) {
    errors.add("int_parsing", name, "Input should be a valid integer, unable to parse string as an integer");
  } else if (problem == std::errc::result_out_of_range ? text->front() == '-' : value < 1) {
    errors.add_too_small(name, 1);
  } else if (problem == std::errc::result_out_of_range || value > most) {
    errors.add_too_large(name, most);
  } else {
    return value;
  }
  return when_absent;
}

SecretBytes base64url_header(const Request& request, std::string_view name, std::size_t least, std::size_t most,
                             FieldErrors& errors) {
  const std::optional<std::string_view> text = request.header(name);
  return text ? decode_base64url(name, *text, least, most, errors) : SecretBytes{};
}

// Whoever retrieves brings it as JSON, which has no other texts.
SecretBytes passphrase_header(const Request& request, std::size_t most, FieldErrors& errors) {
  SecretBytes passphrase = base64url_header(request, kPassphrase, 0, most, errors);
  if (!is_utf8(as_text(passphrase.expose()))) {
    errors.add("string_unicode", kPassphrase, "Input should be a valid string, unable to parse raw data as UTF-8");
  }
  return passphrase;
}

SecretBytes webhook_url(std::string_view field, SecretBytes url, FieldErrors& errors) {
  const Result<void> checked = url.empty() ? Result<void>() : check_webhook_url(as_text(url.expose()));
  if (!checked) {
    errors.add("url_parsing", field, "Input should be a valid URL. " + checked.error().detail);
  }
  return url;
}

std::string idempotency_key(const Request& request, FieldErrors& errors) {
  forbid_repeated(request, {kIdempotencyKey}, errors);
  const std::optional<std::string_view> text = request.header(kIdempotencyKey);
  if (!text || !errors.check_text(kIdempotencyKey, text->size(), kIdempotencyKeySizeMin, kIdempotencyKeySizeMax)) {
    return {};
  }
  if (!std::all_of(text->begin(), text->end(), [](char c) { return c >= '!' && c <= '~'; })) {
    errors.add("string_pattern_mismatch", kIdempotencyKey, "String should match pattern '^[!-~]+$'");
  }
  return std::string(*text);
}

template <class T>
Validated<T> validated(T value, FieldErrors& errors) {
  if (!errors.empty()) {
    return tl::unexpected(errors.take());
  }
  return value;
}

}  // namespace

std::chrono::seconds default_ttl_v2(const BodyLimits& limits) {
  return std::min(std::chrono::seconds(std::chrono::days{1}), limits.ttl_max);
}

Validated<NewSharedSecret> parse_new_bytes(const Request& request, const BodyLimits& limits) {
  FieldErrors errors("body");
  if (request.body.empty()) {
    errors.add_missing("");
  }
  FieldErrors of_headers("header");
  NewSharedSecret fresh;
  fresh.ttl = std::chrono::seconds{
      integer_header(request, kTtl, limits.ttl_max.count(), default_ttl_v2(limits).count(), of_headers)};
  fresh.views = static_cast<int>(integer_header(request, kViews, kViewsMax, 1, of_headers));
  fresh.access.passphrase = passphrase_header(request, limits.passphrase_bytes_max, of_headers);
  fresh.access.proof = base64url_header(request, kProof, kProofSize, kProofSize, of_headers);
  fresh.webhook =
      webhook_url(kWebhook, SecretBytes::copy_of(as_bytes(request.header(kWebhook).value_or(""))), of_headers);
  fresh.idempotency_key = idempotency_key(request, of_headers);
  forbid_repeated(request, {kTtl, kViews, kPassphrase, kProof, kWebhook}, of_headers);
  errors.append(std::move(of_headers));
  if (errors.empty()) {
    fresh.secret = SecretBytes::copy_of(request.body);
  }
  return validated(std::move(fresh), errors);
}

Validated<NewSharedSecret> parse_new_text(const Request& request, const BodyLimits& limits) {
  JsonFields fields(request.body, {"secret", "passphrase", "ttl_seconds", "views", "webhook", "proof"},
                    Empty::kMistake);
  NewSharedSecret fresh;
  fresh.secret = fields.required_text("secret", 1, limits.secret_bytes_max);
  fresh.access.passphrase = fields.text("passphrase", limits.passphrase_bytes_max);
  fresh.ttl =
      std::chrono::seconds{fields.integer("ttl_seconds", 1, limits.ttl_max.count(), default_ttl_v2(limits).count())};
  fresh.views = static_cast<int>(fields.integer("views", 1, kViewsMax, 1));
  fresh.webhook = webhook_url("webhook", fields.text("webhook", kAnyLength), fields.errors);
  fields.forbid({"proof"});
  FieldErrors of_headers("header");
  forbid_options(request, of_headers);
  fresh.idempotency_key = idempotency_key(request, of_headers);
  fields.errors.append(std::move(of_headers));
  return validated(std::move(fresh), fields.errors);
}

Validated<AccessBody> parse_retrieve_body(ByteView body, const BodyLimits& limits) {
  JsonFields fields(body, {"secret_key", "passphrase", "proof", "claim"}, Empty::kMistake);
  AccessBody valid;
  valid.secret_key = fields.required_text("secret_key", 0, kAnyLength);
  valid.access.passphrase = fields.text("passphrase", limits.passphrase_bytes_max);
  valid.access.proof = fields.base64url("proof", kProofSize, kProofSize);
  valid.claim = fields.base64url("claim", kClaimSizeMin, kClaimSizeMax);
  return validated(std::move(valid), fields.errors);
}

Validated<AccessBody> parse_delete_body_v2(ByteView body, const BodyLimits& limits) {
  JsonFields fields(body, {"secret_key", "passphrase", "proof"}, Empty::kMistake);
  AccessBody valid;
  valid.secret_key = fields.required_text("secret_key", 0, kAnyLength);
  valid.access.passphrase = fields.text("passphrase", limits.passphrase_bytes_max);
  valid.access.proof = fields.base64url("proof", kProofSize, kProofSize);
  return validated(std::move(valid), fields.errors);
}

Validated<SecretBytes> parse_key_body(ByteView body, std::string_view name) {
  JsonFields fields(body, {name}, Empty::kMistake);
  SecretBytes key = fields.required_text(name, 0, kAnyLength);
  return validated(std::move(key), fields.errors);
}

Validated<NewRequestBody> parse_new_request_body(const Request& request, const BodyLimits& limits) {
  JsonFields fields(request.body, {"ttl_seconds", "webhook", "passphrase", "proof", "views"}, Empty::kNoFields);
  NewRequestBody valid;
  valid.ttl =
      std::chrono::seconds{fields.integer("ttl_seconds", 1, limits.ttl_max.count(), default_ttl_v2(limits).count())};
  valid.webhook = webhook_url("webhook", fields.text("webhook", kAnyLength), fields.errors);
  fields.forbid({"passphrase", "proof", "views"});
  FieldErrors of_headers("header");
  forbid_options(request, of_headers);
  fields.errors.append(std::move(of_headers));
  return validated(std::move(valid), fields.errors);
}

Validated<RequestKeysBody> parse_request_keys_body(ByteView body) {
  JsonFields fields(body, {"fill_key", "request_key"}, Empty::kMistake);
  RequestKeysBody valid;
  valid.fill_key = fields.required_text("fill_key", 0, kAnyLength);
  valid.request_key = fields.required_text("request_key", 0, kAnyLength);
  return validated(std::move(valid), fields.errors);
}

Validated<FillBody> parse_fill(const Request& request) {
  FieldErrors errors("body");
  if (request.body.empty()) {
    errors.add_missing("");
  }
  FieldErrors of_headers("header");
  const std::optional<std::string_view> key = request.header(kFillKey);
  if (!key) {
    of_headers.add_missing(kFillKey);
  }
  forbid_repeated(request, {kFillKey}, of_headers);
  forbid_options(request, of_headers);
  std::string repetition = idempotency_key(request, of_headers);
  errors.append(std::move(of_headers));
  FillBody valid;
  if (errors.empty()) {
    valid = {SecretBytes::copy_of(as_bytes(*key)), SecretBytes::copy_of(request.body), std::move(repetition)};
  }
  return validated(std::move(valid), errors);
}

}  // namespace disposable
