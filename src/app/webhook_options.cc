#include "app/webhook_options.h"

#include "app/option_table.h"
#include "core/webhook_url.h"
#include "webhook/webhook_addresses.h"

namespace disposable {

namespace {

std::string webhook_url_problem(const std::string& text) {
  const Result<WebhookUrl> url = parse_webhook_url(text);
  return url ? std::string{} : url.error().detail;
}

std::string webhook_allow_problem(const std::string& text) {
  const Result<void> allowed = WebhookAddresses().allow(text);
  return allowed ? std::string{} : text + ": " + allowed.error().detail;
}

}  // namespace

void add_webhooks(CLI::App& serve, ServeOptions& options) {
  OptionTable table(serve, "Webhooks");
  table
      .text("--webhook-url", options.webhook_url, "URL", "Who is told by POST what happens to secrets, https:// (none)")
      ->check(webhook_url_problem);
  table.text("--webhook-key-file", options.webhook_key_file, "FILE",
             "The key that this is signed with, whsec_<base64> (none)");
  table
      .texts("--webhook-allow", options.webhook_allow, "CIDR",
             "Private addresses that may be called all the same, also by http:// (none); repeatable")
      ->check(webhook_allow_problem);
}

Result<void> check_webhooks(const ServeOptions& options) {
  if (options.webhook_url.empty() != options.webhook_key_file.empty()) {
    return fail(Errc::kInvalidArgument, "--webhook-url and --webhook-key-file are needed together");
  }
  const Result<WebhookUrl> url = parse_webhook_url(options.webhook_url);
  if (url && !url->tls && options.webhook_allow.empty()) {
    return fail(Errc::kInvalidArgument, "a webhook is called by plain http only at an address of --webhook-allow");
  }
  return {};
}

}  // namespace disposable
