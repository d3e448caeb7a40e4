#include "crypto/keyring.h"

#include <sodium.h>

#include <charconv>
#include <new>

#include "crypto/hash.h"
#include "crypto/keyring_keys.h"

namespace disposable {

namespace {

constexpr std::string_view kHeader = "disposable-secrets-keyring 1";
constexpr std::size_t kCheckSize = 16;

SymmetricKey derive(const SymmetricKey& root, std::string_view purpose) {
  SymmetricKey key;
  keyed_hash(root, {as_bytes(purpose)}, key.expose_mutable());
  return key;
}

// Not a secret: it only detects damage, so its key is a constant.
std::array<std::uint8_t, kCheckSize> damage_check(ByteView lines) {
  std::array<std::uint8_t, kCheckSize> sum{};
  keyed_hash(SymmetricKey{}, {as_bytes("keyring file"), lines}, sum);
  return sum;
}

// Writes hexadecimal digits into memory that is wiped, unlike to_hex().
void append_hex(std::span<std::uint8_t>& out, ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    out[0] = static_cast<std::uint8_t>(kDigits[byte >> 4U]);
    out[1] = static_cast<std::uint8_t>(kDigits[byte & 0x0FU]);
    out = out.subspan(2);
  }
}

void append_text(std::span<std::uint8_t>& out, std::string_view text) {
  for (const char c : text) {
    out[0] = static_cast<std::uint8_t>(c);
    out = out.subspan(1);
  }
}

Result<SymmetricKey> parse_key(std::string_view digits) {
  SymmetricKey key;
  if (digits.size() != SymmetricKey::kSize * 2) {
    return fail(Errc::kCorrupt, "keyring: a key has the wrong length");
  }
  Result<Bytes> bytes = from_hex(digits);
  if (!bytes) {
    return fail(Errc::kCorrupt, "keyring: a key is not hexadecimal");
  }
  std::copy(bytes->begin(), bytes->end(), key.expose_mutable().begin());
  wipe(*bytes);
  return key;
}

// Cuts the next line off `rest`, without its newline.
std::string_view next_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return line;
}

}  // namespace

Keyring::Keyring() {
  check(sodium_init() >= 0, "libsodium starts");  // sodium_malloc() draws on it
  void* block = sodium_malloc(sizeof(Keys));
  if (block == nullptr) {
    throw std::bad_alloc();
  }
  // It was tried already, but sodium_malloc() does not say how that went. Locking twice is the same as once.
  locked_ = sodium_mlock(block, sizeof(Keys)) == 0;
  keys_.reset(new (block) Keys);
}

void Keyring::Release::operator()(Keys* keys) const {
  keys->~Keys();
  sodium_free(keys);
}

void Keyring::derive_all() {
  keys_->id = derive(keys_->root, "store id");
  keys_->fingerprint = derive(keys_->root, "audit fingerprint");
  keys_->pepper = derive(keys_->root, "passphrase pepper");
  keys_->audit = derive(keys_->root, "audit chain");
  keys_->receipt = derive(keys_->root, "receipt");
  keys_->idempotency = derive(keys_->root, "idempotency");
  keys_->request = derive(keys_->root, "request");
  keys_->webhook = derive(keys_->root, "webhook");
}

Keyring Keyring::generate(Random& random) {
  Keyring keyring;
  random.fill(keyring.keys_->root.expose_mutable());
  keyring.keys_->epochs[0].number = 1;
  random.fill(keyring.keys_->epochs[0].key.expose_mutable());
  keyring.keys_->epoch_count = 1;
  keyring.derive_all();
  return keyring;
}

const SymmetricKey& Keyring::pepper() const { return keys_->pepper; }
const SymmetricKey& Keyring::audit_key() const { return keys_->audit; }
const SymmetricKey& Keyring::webhook_key() const { return keys_->webhook; }

Result<Keyring> Keyring::parse(ByteView file) {
  const std::string_view text = as_text(file);
  const std::size_t check_at = text.rfind("check ");
  if (text.substr(0, text.find('\n')) != kHeader) {
    return fail(Errc::kCorrupt, "keyring: not a keyring file of version 1");
  }
  if (check_at == std::string_view::npos ||
      text.substr(check_at) != "check " + to_hex(damage_check(file.first(check_at))) + "\n") {
    return fail(Errc::kCorrupt, "keyring: the file is damaged or cut short");
  }
  std::string_view rest = text.substr(0, check_at);
  next_line(rest);
  const std::string_view root_line = next_line(rest);
  if (!root_line.starts_with("root ")) {
    return fail(Errc::kCorrupt, "keyring: the root key is missing");
  }
  Result<SymmetricKey> root = parse_key(root_line.substr(5));
  if (!root) {
    return fail(root.error());
  }
  Keyring keyring;
  keyring.keys_->root = std::move(*root);
  std::size_t& count = keyring.keys_->epoch_count;
  while (!rest.empty()) {
    std::string_view line = next_line(rest);
    const std::size_t space = line.find(' ', 6);
    if (!line.starts_with("epoch ") || space == std::string_view::npos || count == kEpochsMax) {
      return fail(Errc::kCorrupt, "keyring: an epoch line is malformed");
    }
    Keys::Epoch& epoch = keyring.keys_->epochs.at(count);
    const std::string_view number = line.substr(6, space - 6);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), epoch.number);
    Result<SymmetricKey> key = parse_key(line.substr(space + 1));
    if (error != std::errc{} || end != number.data() + number.size() || !key) {
      return fail(Errc::kCorrupt, "keyring: an epoch line is malformed");
    }
    if (count > 0 && epoch.number <= keyring.keys_->epochs.at(count - 1).number) {
      return fail(Errc::kCorrupt, "keyring: the epochs are not in order");
    }
    epoch.key = std::move(*key);
    ++count;
  }
  if (count == 0) {
    return fail(Errc::kCorrupt, "keyring: no epoch key");
  }
  keyring.derive_all();
  return keyring;
}

SecretBytes Keyring::serialize() const {
  const std::shared_lock lock(keys_->mutex);
  constexpr std::size_t kHexKey = SymmetricKey::kSize * 2;
  std::size_t size = kHeader.size() + 1 + 5 + kHexKey + 1;
  for (const Keys::Epoch& epoch : keys_->all_epochs()) {
    size += 6 + std::to_string(epoch.number).size() + 1 + kHexKey + 1;
  }
  SecretBytes file(size + 6 + kCheckSize * 2 + 1);
  std::span<std::uint8_t> out = file.expose_mutable();
  append_text(out, kHeader);
  append_text(out, "\nroot ");
  append_hex(out, keys_->root.expose());
  append_text(out, "\n");
  for (const Keys::Epoch& epoch : keys_->all_epochs()) {
    append_text(out, "epoch " + std::to_string(epoch.number) + " ");
    append_hex(out, epoch.key.expose());
    append_text(out, "\n");
  }
  append_text(out, "check ");
  append_hex(out, damage_check(file.expose().first(size)));
  append_text(out, "\n");
  return file;
}

StoreId Keyring::store_id(const SecretKey& key) const {
  StoreId id;
  keyed_hash(keys_->id, {key.expose()}, id.bytes);
  return id;
}

Fingerprint Keyring::fingerprint(const SecretKey& key) const {
  Fingerprint fingerprint;
  keyed_hash(keys_->fingerprint, {key.expose()}, fingerprint.bytes);
  fingerprint.bytes[6] = static_cast<std::uint8_t>((fingerprint.bytes[6] & 0x0FU) | 0x80U);
  fingerprint.bytes[8] = static_cast<std::uint8_t>((fingerprint.bytes[8] & 0x3FU) | 0x80U);
  return fingerprint;
}

std::array<std::uint8_t, 16> Keyring::check_value() const {
  std::array<std::uint8_t, 16> value{};
  keyed_hash(keys_->root, {as_bytes("keyring check value")}, value);
  return value;
}

Result<SymmetricKey> Keyring::wrap_key(std::uint32_t epoch, const SecretKey& key, Purpose purpose) const {
  const std::array<std::uint8_t, 1> label{static_cast<std::uint8_t>(purpose)};
  const std::shared_lock lock(keys_->mutex);
  for (const Keys::Epoch& candidate : keys_->all_epochs()) {
    if (candidate.number == epoch) {
      SymmetricKey derived;
      keyed_hash(candidate.key, {as_bytes("wrap"), label, key.expose()}, derived.expose_mutable());
      return derived;
    }
  }
  return fail(Errc::kCorrupt, "the keyring lacks the epoch of this record");
}

}  // namespace disposable
