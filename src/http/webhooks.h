// Webhooks as API v2 has them: who may name one, and what is said of one. Pure functions, thread-safe.

#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "core/webhook.h"
#include "http/json_text.h"
#include "http/message.h"

namespace disposable {

// Whose secrets and requests may name one.
enum class WebhookRule : std::uint8_t { kNobody, kTokens, kEverybody };
inline constexpr std::array<std::string_view, 3> kWebhookRules = {"nobody", "tokens", "everybody"};
// Nothing for another word.
std::optional<WebhookRule> webhook_rule(std::string_view word);

// `request` is of somebody who may create.
bool may_name_webhook(WebhookRule rule, const Request& request);

// "webhook_key" and "fingerprint", where there is a webhook.
void tell_webhook(JsonObject& answer, const std::optional<WebhookIdentity>& webhook);

}  // namespace disposable
