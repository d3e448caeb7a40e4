#include "webhook/webhook_message.h"

#include <algorithm>

#include "crypto/base64.h"
#include "crypto/hmac.h"

namespace disposable {

bool is_told_to_server(const Event& event) {
  return event.action != Action::kDenied && event.extra_data.find("\"repeated\":true") == std::string::npos;
}

std::string webhook_body(const Event& event) {
  std::string body = "{\"type\":\"secret.";
  body.append(action_name(event.action)).append("\",\"timestamp\":\"").append(format_utc(event.at));
  body.append("\",\"data\":{\"fingerprint\":\"").append(format_uuid(event.fingerprint.bytes)).append("\"");
  constexpr std::string_view kEmpty = "{}";
  if (event.extra_data.size() > kEmpty.size()) {
    body.append(",").append(event.extra_data, 1);  // behind its opening brace, with its closing one
  } else {
    body.append("}");
  }
  return body.append("}");
}

std::string sign_webhook(ByteView key, const EventId& id, std::int64_t at, std::string_view body) {
  const std::string head = format_uuid(id.bytes) + "." + std::to_string(at) + ".";
  return "v1," + base64_encode(hmac_sha256(key, {as_bytes(head), as_bytes(body)}));
}

Result<SecretBytes> parse_webhook_key(std::string_view text) {
  constexpr std::string_view kPrefix = "whsec_";
  constexpr std::string_view kBlanks = " \t\r\n";
  constexpr std::size_t kLeast = 24;
  constexpr std::size_t kMost = 64;
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  const std::size_t end = text.find_last_not_of(kBlanks) + 1;
  const std::string_view word = text.substr(begin, end - std::min(begin, end));
  if (!word.starts_with(kPrefix)) {
    return fail(Errc::kInvalidArgument, "it holds no key like whsec_<base64 of 32 bytes>");
  }
  Result<SecretBytes> key = base64_decode(word.substr(kPrefix.size()));
  if (!key || key->size() < kLeast || key->size() > kMost) {
    return fail(Errc::kInvalidArgument, "behind whsec_ there must be 24 to 64 bytes in base64");
  }
  return key;
}

}  // namespace disposable
