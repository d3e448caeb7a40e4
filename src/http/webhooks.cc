#include "http/webhooks.h"

#include <algorithm>

namespace disposable {

std::optional<WebhookRule> webhook_rule(std::string_view word) {
  const auto* const found = std::find(kWebhookRules.begin(), kWebhookRules.end(), word);
  return found == kWebhookRules.end() ? std::nullopt
                                      : std::optional(static_cast<WebhookRule>(found - kWebhookRules.begin()));
}

bool may_name_webhook(WebhookRule rule, const Request& request) {
  return rule == WebhookRule::kEverybody || (rule == WebhookRule::kTokens && !request.principal.empty());
}

void tell_webhook(JsonObject& answer, const std::optional<WebhookIdentity>& webhook) {
  if (webhook) {
    answer.text("webhook_key", webhook_key_text(webhook->signing_key).expose())
        .text("fingerprint", format_uuid(webhook->fingerprint.bytes));
  }
}

}  // namespace disposable
