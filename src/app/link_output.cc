#include "app/link_output.h"

#include <nlohmann/json.hpp>

#include "app/qr_code.h"
#include "app/terminal.h"

namespace disposable {

void print_link(const SecretBytes& link, bool qr) {
  if (qr) {
    print_note(as_text(qr_code(link).expose()));
  }
  print(as_text(link.expose()));
  print("\n");
}

void print_noted_link(std::string_view what, const SecretBytes& link) {
  print_note(std::string(what) + ": " + std::string(as_text(link.expose())));
}

void print_webhook(const WebhookFacts& webhook) {
  if (webhook.key.empty()) {
    print_note("the server knows no webhooks: nothing will be sent");
    return;
  }
  print_note("Webhook key, which signs what is sent: " + webhook.key);
  print_note("Fingerprint, which names it there: " + webhook.fingerprint);
}

void add_webhook(nlohmann::json& object, const WebhookFacts& webhook) {
  if (!webhook.key.empty()) {
    object["webhook_key"] = webhook.key;
    object["fingerprint"] = webhook.fingerprint;
  }
}

}  // namespace disposable
