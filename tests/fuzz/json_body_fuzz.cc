// The JSON bodies of API v1 and v2, from hostile bytes.
//
// Beyond "no crash": nlohmann's own DOM parser, which is not used in production, agrees about what is JSON; what is
// accepted holds its bounds and survives being encoded and parsed again; and no 422 depends on the text of a string,
// so that none can repeat a secret: masking every string changes nothing of the answer but offsets.

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "http/bodies_v2.h"
#include "http/json_text.h"
#include "http/response.h"

namespace disposable {

namespace {

using Json = nlohmann::json;

// Small, so that the bounds are reached.
const BodyLimits kLimits{.secret_bytes_max = 32, .passphrase_bytes_max = 8};

void check_refusal(const std::vector<FieldError>& errors) {
  check(!errors.empty(), "a refusal has a reason");
  const Response response = invalid_body_response(errors);
  const Json answer = Json::parse(as_text(response.body.expose()));
  check(response.status == 422 && answer.at("detail").size() == errors.size(), "a refusal is a 422 with every reason");
  for (const Json& entry : answer["detail"]) {
    check(entry.size() == 3 && entry.contains("type") && entry.contains("loc") && entry.contains("msg"),
          "an entry has type, loc and msg and nothing else");
  }
}

// What the DOM says the field's text is; null when it is no text.
Json field(const Json& document, const char* name) {
  return document.is_object() && document.contains(name) ? document[name] : Json();
}

void check_creation(ByteView body, const Json& document) {
  const auto parsed = parse_create_body(body, kLimits);
  if (!parsed) {
    check_refusal(parsed.error());
    return;
  }
  const std::string_view secret = as_text(parsed->secret.expose());
  check(!secret.empty() && secret.size() <= kLimits.secret_bytes_max, "a secret is within its bounds");
  check(parsed->passphrase.size() <= kLimits.passphrase_bytes_max, "a passphrase is within its bounds");
  check(parsed->ttl >= std::chrono::seconds{1} && parsed->ttl <= kLimits.ttl_max, "a TTL is within its bounds");
  check(field(document, "secret") == Json(std::string(secret)), "both parsers read the same secret");

  const SecretBytes encoded = json_object_of("secret", parsed->secret.expose());
  const auto again = parse_create_body(encoded.expose(), kLimits);
  check(again.has_value() && std::ranges::equal(again->secret.expose(), parsed->secret.expose()),
        "what is encoded is read back the same");
}

void check_deletion(ByteView body) {
  const auto parsed = parse_delete_body(body, kLimits);
  if (!parsed) {
    check_refusal(parsed.error());
    return;
  }
  check(parsed->passphrase.size() <= kLimits.passphrase_bytes_max, "a passphrase is within its bounds");
}

// Those of v2 are within their bounds, or refused with reasons that have the form of v1's.
void check_v2(ByteView body) {
  const auto creation = parse_new_text({"POST", "/api/v2/secrets", {}, body, ""}, kLimits);
  if (creation) {
    check(!creation->secret.empty() && creation->views >= 1 && creation->views <= kViewsMax,
          "a creation is within its bounds");
  } else {
    check_refusal(creation.error());
  }
  const auto retrieval = parse_retrieve_body(body, kLimits);
  if (retrieval) {
    const std::size_t proof = retrieval->access.proof.size();
    const std::size_t claim = retrieval->claim.size();
    check(proof == 0 || proof == kProofSize, "a proof has its size");
    check(claim == 0 || (claim >= kClaimSizeMin && claim <= kClaimSizeMax), "a claim has its size");
  } else {
    check_refusal(retrieval.error());
  }
  check(parse_request_keys_body(body).has_value() || !parse_request_keys_body(body).error().empty(), "a reason");
}

// Replaces the characters inside strings, keeping lengths, quotes and escapes.
Json masked(const Json& node) {
  if (node.is_string()) {
    return std::string(node.get_ref<const std::string&>().size(), 'm');
  }
  if (!node.is_structured()) {
    return node;
  }
  Json copy = node;
  for (Json& child : copy) {
    child = masked(child);
  }
  return copy;
}

std::string answer_to(const std::string& body) {
  const auto parsed = parse_create_body(as_bytes(body), kLimits);
  return parsed ? "accepted" : std::string(as_text(invalid_body_response(parsed.error()).body.expose()));
}

}  // namespace

}  // namespace disposable

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace disposable;
  const ByteView body{data, size};
  const std::string_view text = as_text(body);
  const Json document = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  const auto parsed = parse_create_body(body, kLimits);
  const bool refused_as_json = !parsed && parsed.error().front().type == "json_invalid";
  check(!document.is_discarded() || size == 0 || refused_as_json, "what is not JSON is refused as such");
  check_creation(body, document);
  check_deletion(body);
  check_v2(body);
  if (!document.is_discarded() && !refused_as_json) {
    check(answer_to(document.dump()) == answer_to(masked(document).dump()),
          "no answer depends on the text of a string");
  }
  return 0;
}
