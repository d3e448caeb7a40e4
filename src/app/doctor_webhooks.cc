#include <algorithm>

#include "app/doctor_checks.h"
#include "app/webhooks.h"
#include "client/host_names.h"
#include "core/webhook_url.h"

namespace disposable {

namespace {

constexpr std::chrono::seconds kLookUpMost{5};

Finding examine_receiver(const ServeOptions& options) {
  const Result<std::optional<ServerWebhook>> server = read_server_webhook(options);
  if (!server) {
    return {Verdict::kFailed, server.error().detail, "see --webhook-key-file"};
  }
  const Result<WebhookUrl> url = parse_webhook_url(options.webhook_url);
  const Result<std::vector<std::string>> found =
      url ? addresses_of(std::string(url->host), kLookUpMost) : fail(url.error());
  if (!found) {
    return {Verdict::kWarning, "the receiver is not found: " + found.error().detail, "see --webhook-url"};
  }
  const WebhookAddresses addresses = webhook_addresses(options, DeliveryKind::kServer);
  const auto allowed = std::count_if(found->begin(), found->end(), [&](const std::string& text) {
    const std::optional<IpAddress> address = IpAddress::parse(text);
    return address && addresses.may_call(*address, url->tls);
  });
  return allowed == 0 ? Finding{Verdict::kFailed, "the receiver has no address that may be called",
                                "see --webhook-allow; plain http is for allowed addresses alone"}
                      : Finding{Verdict::kOk, "key and URL can be used; nobody was called"};
}

}  // namespace

Finding examine_webhooks(const Examination& examination) {
  const ServeOptions& options = examination.options;
  if (!calls_webhooks(options)) {
    return {Verdict::kOk, "none; nobody is called"};
  }
  if (options.webhooks == "everybody" && !options.webhook_allow.empty() && options.webhook_url.empty()) {
    return {Verdict::kWarning, "--webhook-allow allows nothing: strangers may not have private addresses called",
            "take --webhooks tokens"};
  }
  return options.webhook_url.empty() ? Finding{Verdict::kOk, "only those that secrets name"}
                                     : examine_receiver(options);
}

}  // namespace disposable
