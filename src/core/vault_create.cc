#include <algorithm>

#include "core/vault_steps.h"
#include "core/webhook_url.h"

namespace disposable {

namespace {

tl::unexpected<Error> lane_full() {
  return fail(Error{Errc::kRateLimited, "the passphrase lane is full", std::chrono::seconds{1}});
}

}  // namespace

tl::unexpected<Error> nothing_more(std::chrono::seconds retry_after) {
  return fail(Error{Errc::kRateLimited, "who creates has stored what he may", retry_after});
}

bool is_valid(const NewSharedSecret& secret) {
  const std::string& key = secret.idempotency_key;
  const bool key_valid =
      key.empty() || (key.size() >= kIdempotencyKeySizeMin && key.size() <= kIdempotencyKeySizeMax &&
                      std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c <= '~'; }));
  const bool proof_valid = secret.access.proof.empty() || secret.access.proof.size() == kProofSize;
  const bool webhook_valid = secret.webhook.empty() || check_webhook_url(as_text(secret.webhook.expose()));
  return webhook_valid && !secret.secret.empty() && secret.views >= 1 && secret.views <= kViewsMax &&
         secret.ttl.count() > 0 && key_valid && proof_valid;
}

Created answer_of(const Keyring& keyring, const SecretKey& key, const Record& record) {
  Created created{SecretKey::from_bytes(key.expose().first<SecretKey::kSize>()),
                  keyring.receipt_key(keyring.store_id(key)), record.expires_at};
  if (!record.webhook.empty()) {
    created.webhook = webhook_identity(keyring, record.fingerprint);
  }
  return created;
}

Held<SecretKey> Vault::create(NewSecret secret, std::string_view address) {
  RandomBatch random(parts_.random);
  SecretKey key = SecretKey::generate(random);
  const StoreId id = parts_.keyring.store_id(key);
  Record record;
  record.guarded = !secret.passphrase.empty();
  SecretBytes verifier;
  if (record.guarded) {
    const std::optional<PassphraseLane::Slot> slot = parts_.lane.enter(address);
    if (!slot) {
      return {lane_full()};
    }
    Result<SecretBytes> made =
        make_verifier(secret.passphrase.expose(), parts_.keyring.pepper(), parts_.argon2, parts_.random);
    if (!made) {
      return {fail(made.error())};
    }
    verifier = std::move(*made);
  }
  // The clock is read after Argon2, so that waiting in the lane does not eat the secret's time.
  const WallTime now = parts_.clock.now();
  record.has_payload = true;
  record.created_at = now;
  record.expires_at = now + secret.ttl;
  record.epoch = parts_.keyring.current_epoch();
  record.fingerprint = parts_.keyring.fingerprint(key);

  Result<Bytes> payload = seal_secret(parts_.keyring, key, {secret.secret.expose(), verifier.expose()}, random, record);
  if (!payload) {
    return {fail(payload.error())};
  }
  const Event event = created_event(record, {address, EventId::generate(now, random), {}, secret.token});
  const Result<Ticket> ticket =
      parts_.store.insert(id, {encode_record(record), due_at(record, now)}, std::move(*payload), {&event, 1});
  if (!ticket) {
    // A taken id means that 122 random bits repeated: refuse and let the client try again.
    return {fail(ticket.error().code == Errc::kAlreadyExists ? Error{Errc::kUnavailable, "a generated key repeated"}
                                                             : ticket.error())};
  }
  return {std::move(key), *ticket};
}

Held<Created> Vault::create(NewSharedSecret secret, std::string_view address) {
  if (!is_valid(secret)) {
    return {fail(Errc::kInvalidArgument, "a secret that cannot be created so")};
  }
  RandomBatch random(parts_.random);
  const bool idempotent = !secret.idempotency_key.empty();
  const SecretKey key = idempotent ? parts_.keyring.idempotent_key(secret.principal, secret.idempotency_key)
                                   : SecretKey::generate(random);
  if (idempotent) {
    // Before Argon2, and not only when the insert meets it.
    Held<Created> earlier = repeat(key, secret, address);
    if (earlier.outcome || earlier.outcome.error().code != Errc::kNotFound) {
      return earlier;
    }
  }
  if (secret.only_again) {
    return {nothing_more(*secret.only_again)};
  }
  Result<Sealing> sealing = lock_with(secret.access, address);
  if (!sealing) {
    return {fail(sealing.error())};
  }
  if (!secret.webhook.empty()) {
    sealing->webhook = seal_webhook(parts_.keyring, parts_.keyring.fingerprint(key), secret.webhook.expose(), random);
  }
  Held<Created> created = insert(key, secret, *sealing, random, address);
  if (created.outcome || created.outcome.error().code != Errc::kAlreadyExists) {
    return created;
  }
  if (idempotent) {
    created = repeat(key, secret, address);
  }
  const bool gone = !created.outcome && created.outcome.error().code == Errc::kNotFound;
  return idempotent && !gone ? std::move(created) : Held<Created>{fail(Errc::kUnavailable, "a key repeated")};
}

Result<Vault::Sealing> Vault::lock_with(const Access& access, std::string_view address) {
  Sealing sealing;
  sealing.factors.proof = SecretBytes::copy_of(access.proof.expose());
  if (access.passphrase.empty()) {
    return sealing;
  }
  const std::optional<PassphraseLane::Slot> slot = parts_.lane.enter(address);
  if (!slot) {
    return lane_full();
  }
  Result<PassphraseLock> lock =
      make_passphrase_lock(access.passphrase.expose(), parts_.keyring.pepper(), parts_.argon2, parts_.random);
  if (!lock) {
    return fail(lock.error());
  }
  sealing.factors.passphrase = std::move(lock->factor);
  sealing.verifier = std::move(lock->verifier);
  return sealing;
}

Held<Created> Vault::insert(const SecretKey& key, const NewSharedSecret& secret, const Sealing& sealing, Random& random,
                            std::string_view address) {
  const StoreId id = parts_.keyring.store_id(key);
  const WallTime now = parts_.clock.now();
  Record record;
  record.format = RecordFormat::kApiV2;
  record.guarded = !sealing.verifier.empty();
  record.asks_proof = !sealing.factors.proof.empty();
  record.has_payload = true;
  record.created_at = now;
  record.expires_at = now + secret.ttl;
  record.epoch = parts_.keyring.current_epoch();
  record.fingerprint = parts_.keyring.fingerprint(key);
  record.views = static_cast<std::uint8_t>(secret.views);
  record.views_left = record.views;
  record.bytes = secret.secret.size();
  record.webhook = sealing.webhook;
  if (!secret.idempotency_key.empty()) {
    const auto hash = repetition_hash(parts_.keyring, {key, record, sealing.factors}, secret);
    if (!hash) {
      return {fail(hash.error())};
    }
    record.repetition = *hash;
  }
  Result<Bytes> payload = seal_secret(parts_.keyring, key, {secret.secret.expose(), sealing.verifier.expose()}, random,
                                      record, sealing.factors);
  if (!payload) {
    return {fail(payload.error())};
  }
  const Origin by{address, EventId::generate(now, random), {}, secret.token};
  const Event event = sealing.fills ? filled_event(record, by) : created_event(record, by);
  const Result<Ticket> ticket =
      parts_.store.insert(id, {encode_record(record), due_at(record, now)}, std::move(*payload), {&event, 1});
  if (!ticket) {
    return {fail(ticket.error())};
  }
  return {answer_of(parts_.keyring, key, record), *ticket};
}

// A repetition is written once more: what it answers may never have been confirmed, and reading cannot tell.
Held<Created> Vault::repeat(const SecretKey& key, const NewSharedSecret& secret, std::string_view address) {
  const StoreId id = parts_.keyring.store_id(key);
  for (;;) {
    const tl::expected<Current, Refusal> found = look(id);
    if (!found) {
      return {fail(found.error().error), found.error().ticket};
    }
    const Shown shown{secret.access.proof.expose(), secret.access.passphrase.expose(), address};
    const Result<bool> same = repeats(key, *found, secret, shown);
    if (!same) {
      return {fail(same.error()), found->ticket};
    }
    if (!*same) {
      return {fail(Errc::kAlreadyExists, "the idempotency key was used before"), found->ticket};
    }
    const Result<Ticket> confirmed = confirm(id, *found);
    if (confirmed) {
      Created again = answer_of(parts_.keyring, key, found->record);
      again.repeats = true;
      return {std::move(again), *confirmed};
    }
    if (confirmed.error().code != Errc::kConflict) {
      return {fail(confirmed.error())};
    }
  }
}

Result<bool> Vault::repeats(const SecretKey& key, const Current& found, const NewSharedSecret& secret,
                            const Shown& shown) {
  const Record& record = found.record;
  if (standing(record, found.now) != Standing::kLive || !record.repetition ||
      record.guarded == secret.access.passphrase.empty() || record.asks_proof == secret.access.proof.empty() ||
      record.views != secret.views || record.expires_at - record.created_at != secret.ttl) {
    return false;
  }
  const std::chrono::seconds lock = locked_for(record, found.now);
  if (lock.count() > 0) {
    return fail(Error{Errc::kLocked, "locked after wrong passphrases", lock});
  }
  const Result<Verdict> verdict = judge(key, record, shown);
  if (!verdict) {
    return fail(verdict.error());
  }
  // Also when the passphrase is wrong, so that it takes as long to be told so.
  const auto hash = repetition_hash(parts_.keyring, {key, record, verdict->factors}, secret);
  if (!hash) {
    return fail(hash.error());
  }
  const bool same = equal_constant_time(*hash, *record.repetition);
  return same && !verdict->denial;
}

}  // namespace disposable
