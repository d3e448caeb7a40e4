// The keyring: every long-lived key of an installation, kept in one file apart from the database.
//
// File format, version 1 (text, one item a line, at most 64 epochs):
//   disposable-secrets-keyring 1
//   root <64 hexadecimal digits>         ids, fingerprints, pepper, audit key, receipts ... are derived from it
//   epoch <number> <64 hexadecimal digits>   wraps data keys; numbers grow, and the last one is used for new secrets
//   check <32 hexadecimal digits>        BLAKE2b-128 of all lines before, against truncation and typing errors
//
// Derivation: BLAKE2b keyed with the root or epoch key over a purpose string and the input (RFC 7693).
// In memory the keys lie in one page that is locked against swapping, left out of core dumps and surrounded by pages
// that cannot be touched (sodium_malloc), where the system allows it. Thread-safe, but for being moved.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/receipt_key.h"
#include "crypto/secret_key.h"

namespace disposable {

class Keyring {
 public:
  static Keyring generate(Random& random);
  // kCorrupt with a reason for a damaged or foreign file.
  static Result<Keyring> parse(ByteView file);
  SecretBytes serialize() const;

  StoreId store_id(const SecretKey& key) const;
  Fingerprint fingerprint(const SecretKey& key) const;

  // What every node derives alike, so that nothing is stored for it.
  ReceiptKey receipt_key(const StoreId& id) const;
  // kNotFound when this keyring did not make it.
  Result<StoreId> open_receipt(const ReceiptKey& receipt) const;
  // The key of what is created with this idempotency key by this principal.
  SecretKey idempotent_key(std::string_view principal, std::string_view idempotency_key) const;
  // The key of what is put into a request by its fill key, which does not lead to it without the keyring.
  SecretKey request_key(const SecretKey& fill_key) const;
  // The row of a secret's view in a RevealLedger; that of view 1 is the store id.
  StoreId view_row(const StoreId& id, std::uint8_t view) const;

  // Mixed into every passphrase before Argon2id.
  const SymmetricKey& pepper() const;
  // Keys the hash chain of the audit log.
  const SymmetricKey& audit_key() const;
  // Seals the URLs of webhooks and signs what is sent there (core/webhook.h).
  const SymmetricKey& webhook_key() const;
  // Identifies the keyring without revealing it: a store remembers it and refuses another keyring.
  std::array<std::uint8_t, 16> check_value() const;

  // Epochs come and go: a new one is begun now and then, and an old one, destroyed, takes with it whatever was wrapped
  // under it, wherever copies of that are.
  std::uint32_t current_epoch() const;
  std::vector<std::uint32_t> epochs() const;
  // The number of the new one. kInvalidArgument when there are as many as a keyring can hold.
  Result<std::uint32_t> begin_epoch(Random& random);
  // Wipes those before `number`; the current one stays in any case.
  void destroy_epochs_before(std::uint32_t number);
  // Takes over the epochs of a newer form of this keyring. kInvalidArgument, and nothing is changed, when it is none:
  // another keyring, an older form, or one that has gone its own way since.
  Result<void> can_adopt(const Keyring& newer) const;
  Result<void> adopt_epochs(const Keyring& newer);
  // The key that wraps one secret's data key or its passphrase verifier, or keys a hash that is kept with it: needs the
  // epoch key AND the secret's key, so that neither disk nor disk with keyring opens anything. kCorrupt when the
  // keyring has no such epoch.
  enum class Purpose : std::uint8_t { kDataKey = 1, kVerifier = 2, kProof = 3, kClaim = 4, kIdempotency = 5 };
  Result<SymmetricKey> wrap_key(std::uint32_t epoch, const SecretKey& key, Purpose purpose) const;

  // False when the system refused to lock the keys in memory (RLIMIT_MEMLOCK): they may be swapped out.
  bool memory_locked() const { return locked_; }

 private:
  struct Keys;
  struct Release {
    void operator()(Keys* keys) const;
  };

  Keyring();
  void derive_all();

  std::unique_ptr<Keys, Release> keys_;
  bool locked_ = false;
};

}  // namespace disposable
