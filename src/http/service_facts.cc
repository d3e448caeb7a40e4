// What clients may want to know of the service before they ask it for anything.

#include "http/api_v2.h"
#include "http/bodies_v2.h"
#include "http/response.h"

namespace disposable::v2 {

Response service(const Api::Parts& parts, const Request& request) {
  const BodyLimits& limits = parts.limits;
  constexpr std::size_t kRoom = 1024;
  const std::string_view name = parts.pages == nullptr ? kServiceNameDefault : parts.pages->name();
  return json_response(200,
                       JsonObject(kRoom + 6 * name.size())
                           .text("name", name)
                           .number("upload_bytes_max", limits.upload_bytes_max)
                           .number("ttl_seconds_max", static_cast<std::uint64_t>(limits.ttl_max.count()))
                           .number("ttl_seconds_default", static_cast<std::uint64_t>(default_ttl_v2(limits).count()))
                           .number("views_max", static_cast<std::uint64_t>(kViewsMax))
                           .number("passphrase_bytes_max", limits.passphrase_bytes_max)
                           .text("creation", request.creation)
                           .boolean("webhooks", parts.webhooks != WebhookRule::kNobody)
                           .take());
}

}  // namespace disposable::v2
