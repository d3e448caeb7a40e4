#include "app/webhooks.h"

#include "client/http_call.h"
#include "crypto/private_file.h"
#include "webhook/webhook_message.h"

namespace disposable {

namespace {

constexpr std::chrono::seconds kConnectMost{5};
constexpr std::chrono::seconds kSilenceMost{10};

}  // namespace

Result<std::optional<ServerWebhook>> read_server_webhook(const ServeOptions& options) {
  if (options.webhook_url.empty()) {
    return std::nullopt;
  }
  constexpr std::size_t kFileMost = 1024;
  const Result<SecretBytes> content =
      read_private_file(options.webhook_key_file, "the file of the webhook's key", kFileMost);
  if (!content) {
    return fail(Errc::kInvalidArgument, content.error().detail);
  }
  Result<SecretBytes> key = parse_webhook_key(as_text(content->expose()));
  if (!key) {
    return fail(Errc::kInvalidArgument,
                "the file of the webhook's key " + options.webhook_key_file + ": " + key.error().detail);
  }
  return ServerWebhook{SecretBytes::copy_of(as_bytes(options.webhook_url)), std::move(*key)};
}

WebhookAddresses webhook_addresses(const ServeOptions& options, DeliveryKind kind) {
  WebhookAddresses addresses;
  if (kind == DeliveryKind::kSecret && options.webhooks == "everybody") {
    return addresses;
  }
  for (const std::string& range : options.webhook_allow) {
    check(addresses.allow(range).has_value(), "parsing has found no mistake");
  }
  return addresses;
}

Result<std::unique_ptr<Webhooks>> Webhooks::open(Parts parts) {
  std::unique_ptr<Webhooks> webhooks(new Webhooks(parts));
  if (!calls_webhooks(parts.options)) {
    return webhooks;
  }
  Result<std::unique_ptr<DeliveryQueue>> queue = parts.open_queue();
  if (!queue) {
    return fail(queue.error());
  }
  webhooks->queue_ = std::move(*queue);
  webhooks->build(parts.keyring, parts.random);
  return webhooks;
}

Webhooks::Webhooks(Parts& parts)
    : clock_(parts.clock),
      log_(parts.log),
      server_(std::move(parts.server)),
      server_addresses_(webhook_addresses(parts.options, DeliveryKind::kServer)),
      secret_addresses_(webhook_addresses(parts.options, DeliveryKind::kSecret)) {}

void Webhooks::build(const Keyring& keyring, Random& random) {
  watch_ = std::make_unique<CallWatch>();
  const auto line = [this](std::string_view message) {
    return [this, message](const Delivery& delivery, std::string_view reason) {
      const bool server = delivery.kind == DeliveryKind::kServer;
      log_.write(server ? LogLevel::kWarning : LogLevel::kInfo, message,
                 {{"to", server ? "server" : "secret"},
                  {"fingerprint", format_uuid(delivery.fingerprint.bytes)},
                  {"reason", reason}});
    };
  };
  Deliverer::Parts deliverer{
      *queue_, keyring,  clock_,
      random,  metrics_, [this](const WebhookCall& made, const std::stop_token& stop) { return call(made, stop); }};
  deliverer.server = server_ ? &*server_ : nullptr;
  deliverer.on_first_failure = line("a webhook was not delivered and will be tried again");
  deliverer.on_given_up = line("a webhook was given up");
  deliverer.on_queue_failure = [this](const Error& error) {
    log_.write(LogLevel::kError, "the queue of webhooks cannot be used; calls wait until it can",
               {{"reason", error.detail}});
  };
  deliverer_ = std::make_unique<Deliverer>(std::move(deliverer));
  announcer_ = std::make_unique<Announcer>(Announcer::Parts{*queue_, keyring, clock_, metrics_, server_.has_value(),
                                                            [this] { deliverer_->wake(); },
                                                            [this](DeliveryKind kind) { drop(kind); }});
}

void Webhooks::start() {
  if (deliverer_ != nullptr) {
    deliverer_->start();
  }
}

Result<void> Webhooks::announce(std::span<const Event> events) {
  if (announcer_ != nullptr) {
    const Result<void> announced = announcer_->announce(events);
    return announced ? announced
                     : fail(Error{announced.error().code, "the queue of webhooks: " + announced.error().detail});
  }
  for (const Event& event : events) {
    if (!event.webhook.empty()) {
      metrics_.of(DeliveryKind::kSecret).dropped.add();
      drop(DeliveryKind::kSecret);
    }
  }
  return {};
}

void Webhooks::drop(DeliveryKind kind) {
  if (!drop_told_) {
    log_.write(LogLevel::kWarning, "webhooks are not told: they are off, or too many wait; counted from here on",
               {{"to", kind == DeliveryKind::kServer ? "server" : "secret"}});
    drop_told_ = true;
  }
}

// Each address is looked at right before it is connected to, and no name is looked up in between.
WebhookAnswer Webhooks::call(const WebhookCall& made, const std::stop_token& stop) {
  CallWatch::Call watched(*watch_, kCallMost, stop);
  HttpSettings settings;
  settings.connect_timeout = kConnectMost;
  settings.silence_timeout = kSilenceMost;
  settings.user_agent = "disposable-secrets/" DISPOSABLE_VERSION;
  settings.stop = stop;
  settings.opened = [&watched](int socket) { watched.opened(socket); };
  settings.may_connect = [this, &made, &watched](const std::string& text) {
    const std::optional<IpAddress> address = IpAddress::parse(text);
    const WebhookAddresses& addresses = made.kind == DeliveryKind::kServer ? server_addresses_ : secret_addresses_;
    return address && !watched.over() && addresses.may_call(*address, made.tls);
  };
  HttpRequest request{"POST", made.target, "application/json", as_bytes(made.body), {}};
  request.head_only = true;
  for (const WebhookField& field : made.fields) {
    request.fields.push_back({field.name, field.value});
  }
  const auto answer = call_http({made.tls, made.host, made.port}, request, settings);
  if (!answer) {
    return {0, watched.over() ? "it has not answered in time" : answer.error().reason};
  }
  return {answer->status, {}, answer->retry_after()};
}

}  // namespace disposable
