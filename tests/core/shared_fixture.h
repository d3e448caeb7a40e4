// A vault for API v2, over the reference store: secrets are made and read in a line, and what happened is told in
// words.

#pragma once

#include "support/vault_fixture.h"

namespace disposable {

struct SharedFixture : VaultFixture {
  using VaultFixture::VaultFixture;

  static constexpr std::string_view kProof = "0123456789abcdef0123456789abcdef";
  static constexpr std::string_view kClaim = "a claim of a reader";
  static constexpr std::string_view kOtherClaim = "a claim of another";

  static Access access(std::string_view passphrase = {}, std::string_view proof = {}) {
    return {SecretBytes::copy_of(as_bytes(proof)), SecretBytes::copy_of(as_bytes(passphrase))};
  }
  static NewSharedSecret fresh(std::string_view text, int views = 1, std::string_view passphrase = {},
                               std::string_view proof = {}) {
    NewSharedSecret secret;
    secret.secret = SecretBytes::copy_of(as_bytes(text));
    secret.access = access(passphrase, proof);
    secret.ttl = std::chrono::hours{1};
    secret.views = views;
    return secret;
  }

  Created share(NewSharedSecret secret) {
    Held<Created> held = vault.create(std::move(secret), "192.0.2.1");
    check(held.outcome.has_value() && held.ticket.wait().has_value(), "the fixture shares");
    return std::move(*held.outcome);
  }
  // "hunter2, 0 left", or the name of the refusal.
  std::string read(const SecretKey& key, std::string_view claim = {}, std::string_view passphrase = {},
                   std::string_view proof = {}) {
    return words(vault.retrieve(key, access(passphrase, proof), as_bytes(claim), "192.0.2.2"));
  }
  std::string erase(const SecretKey& key, std::string_view passphrase = {}, std::string_view proof = {}) {
    return words(vault.delete_secret(key, access(passphrase, proof), "192.0.2.3"));
  }
  static std::string words(const Held<Revealed>& held) {
    return held.outcome ? std::string(as_text(held.outcome->secret.expose())) + ", " +
                              std::to_string(held.outcome->views_left) + " left"
                        : name(held.outcome.error().code);
  }
  static std::string words(const Held<WallTime>& held) {
    return held.outcome ? "deleted" : name(held.outcome.error().code);
  }
  // "retrieved {...}" in commit order, without the creations.
  std::vector<std::string> events() {
    std::vector<std::string> lines;
    const std::vector<OutboxEntry> entries = store.pending(0, 10'000).value();
    for (const OutboxEntry& entry : entries) {
      if (entry.event.action != Action::kCreated) {
        lines.push_back(std::string(action_name(entry.event.action)) + " " + entry.event.extra_data);
      }
    }
    return lines;
  }
  Record record(const SecretKey& key) { return decode_record(store.load(keyring.store_id(key))->record).value(); }
  bool has_payload(const SecretKey& key) { return store.load_payload(keyring.store_id(key)).has_value(); }
};

}  // namespace disposable
