#include "http/media_type.h"

namespace disposable {

namespace {

std::string_view without_parameters(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return type.substr(0, type.find_last_not_of(" \t") + 1);
}

}  // namespace

bool is_json(std::string_view content_type) {
  const std::string_view type = without_parameters(content_type);
  constexpr std::string_view kPrefix = "application/";
  constexpr std::string_view kSuffix = "+json";
  if (!equal_ignoring_case(type.substr(0, kPrefix.size()), kPrefix)) {
    return false;
  }
  const std::string_view subtype = type.substr(kPrefix.size());
  return equal_ignoring_case(subtype, "json") ||
         (subtype.size() > kSuffix.size() &&
          equal_ignoring_case(subtype.substr(subtype.size() - kSuffix.size()), kSuffix));
}

bool is_bytes(std::string_view content_type) {
  return equal_ignoring_case(without_parameters(content_type), "application/octet-stream");
}

bool is_plain(const Request& request) {
  const std::string_view coding = request.header("Content-Encoding").value_or("");
  return request.count("Content-Encoding") <= 1 && (coding.empty() || equal_ignoring_case(coding, "identity"));
}

}  // namespace disposable
