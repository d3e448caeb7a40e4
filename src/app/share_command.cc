#include "app/share_command.h"

#include <nlohmann/json.hpp>

#include "app/client_input.h"
#include "app/client_session.h"
#include "app/link_output.h"
#include "client/format_1.h"
#include "client/key_derivation.h"

namespace disposable {

namespace {

constexpr std::size_t kWorthAsking = 1U << 20U;

GcmNonce new_nonce(Random& random) {
  GcmNonce nonce{};
  random.fill(nonce);
  return nonce;
}

// A server that refuses a large body closes the connection under it, which looks like a lost answer; so it is asked
// before.
Outcome<void> check_size(ServiceApi& api, std::size_t bytes) {
  if (bytes < kWorthAsking) {
    return {};
  }
  const Outcome<ServerFacts> facts = api.facts();
  if (!facts) {
    return client_fail(facts.error());
  }
  if (bytes > facts->upload_bytes_max) {
    return client_fail(ClientFailure::kRefused, "the secret is larger than the server takes",
                       "it takes " + std::to_string(facts->upload_bytes_max) + " bytes at most");
  }
  return {};
}

struct Shared {
  SecretBytes link;     // empty: it answers a request
  SecretBytes receipt;  // empty: whether the answer is this one is not known
  CreatedSecret created;
};

Outcome<Shared> share_by_link(const ShareOptions& options, ClientSession& session) {
  const Outcome<ServerUrl> server = chosen_server(options.connection, session.configuration());
  const Outcome<std::string> token = server ? chosen_token(*server, session.configuration()) : std::string{};
  if (!server || !token) {
    return client_fail(server ? token.error() : server.error());
  }
  const Outcome<std::vector<Part>> parts = given_parts(options.files);
  const Outcome<SecretBytes> passphrase = parts ? new_passphrase(options.passphrase) : SecretBytes();
  if (!parts || !passphrase) {
    return client_fail(parts ? passphrase.error() : parts.error());
  }
  SecretBytes link_key(kLinkKeySize);
  session.random().fill(link_key.expose_mutable());
  const LinkKeys keys = derive_link_keys(link_key.expose(), passphrase->expose());
  const Bytes body = seal_secret(keys, new_nonce(session.random()), encode_container(*parts));
  ServiceApi api = session.api(*server);
  const Outcome<void> fits = check_size(api, body.size());
  if (!fits) {
    return client_fail(fits.error());
  }
  Outcome<CreatedSecret> created = api.create({body, options.ttl, options.views, keys.proof.expose(),
                                               as_text(keys.server_passphrase.expose()), *token, options.webhook});
  if (!created) {
    return client_fail(created.error());
  }
  Result<SecretKey> key = SecretKey::parse(created->secret_key);
  if (!key) {
    return client_fail(ClientFailure::kUnavailable, "the server's answer has no key of a secret");
  }
  const SecretLink link{*server, std::move(*key), std::move(link_key)};
  const ReceiptLink receipt{*server, SecretBytes::copy_of(as_bytes(created->receipt_key))};
  return Shared{link.format(), receipt.format(), std::move(*created)};
}

Outcome<Shared> answer_request(const ShareOptions& options, ClientSession& session) {
  if (options.ttl || options.views != 1 || options.passphrase.ask || !options.passphrase.file.empty() || options.qr ||
      !options.webhook.empty()) {
    return client_fail(ClientFailure::kUsage, "--to takes no --ttl, --views, --passphrase, --webhook or --qr",
                       "who asked has decided how long the answer is kept");
  }
  const Outcome<Link> link = given_or_asked_link(options.to);
  const FillLink* to = link ? std::get_if<FillLink>(&*link) : nullptr;
  if (to == nullptr) {
    return link ? client_fail(ClientFailure::kUsage,
                              "--to takes a link to answer a request; this is " + std::string(link_kind(*link)))
                : client_fail(link.error());
  }
  ServiceApi api = session.api(to->server);
  const Outcome<SecretStatus> status = api.request_status(to->fill_key);
  if (!status || status->state != "waiting") {
    return status ? client_fail(status->state == "expired" ? ClientFailure::kNotFound : ClientFailure::kGone,
                                "the request is not open any more: it is " + status->state)
                  : client_fail(status.error());
  }
  const Outcome<std::vector<Part>> parts = given_parts(options.files);
  if (!parts) {
    return client_fail(parts.error());
  }
  const P256Key ephemeral = P256Key::generate(session.random());
  const Result<Bytes> body = seal_answer(ephemeral, to->asker, new_nonce(session.random()), encode_container(*parts));
  check(body.has_value(), "the link's public key was looked at when it was read");
  const Outcome<void> fits = check_size(api, body->size());
  if (!fits) {
    return client_fail(fits.error());
  }
  Outcome<CreatedSecret> created = api.fill(to->fill_key, *body);
  if (!created) {
    return client_fail(created.error());
  }
  SecretBytes receipt;
  if (!created->receipt_key.empty()) {
    receipt = ReceiptLink{to->server, SecretBytes::copy_of(as_bytes(created->receipt_key))}.format();
  }
  return Shared{{}, std::move(receipt), std::move(*created)};
}

void print_shared(const Shared& shared, const ShareOptions& options) {
  const bool asked_for_receipt = options.receipt && !shared.receipt.empty();
  if (options.connection.json) {
    nlohmann::json object = {{"expires_at", shared.created.expires_at}};
    if (shared.receipt.empty()) {
      object = {{"confirmed", false}};
    }
    if (!shared.link.empty()) {
      object["link"] = as_text(shared.link.expose());
      object["views"] = options.views;
    }
    if (asked_for_receipt) {
      object["receipt_link"] = as_text(shared.receipt.expose());
    }
    add_webhook(object, shared.created.webhook);
    print_json(object);
    return;
  }
  if (!options.webhook.empty()) {
    print_webhook(shared.created.webhook);
  }
  if (asked_for_receipt) {
    print_noted_link("Receipt", shared.receipt);
  }
  if (!shared.link.empty()) {
    print_link(shared.link, options.qr);
  } else {
    print_note(shared.receipt.empty()
                   ? "answered; but what the server said first was lost, so the answer may be another person's: ask"
                   : "answered");
  }
}

}  // namespace

int share(const ShareOptions& options) {
  return in_session(options.connection, [&options](ClientSession& session) -> Outcome<void> {
    const Outcome<Shared> shared =
        options.to.empty() ? share_by_link(options, session) : answer_request(options, session);
    if (!shared) {
      return client_fail(shared.error());
    }
    session.progress().clear();
    print_shared(*shared, options);
    return {};
  });
}

}  // namespace disposable
