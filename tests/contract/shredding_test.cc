// Goal: once an epoch is destroyed, nothing that was spent or has expired under it opens again, for somebody who has
// every link, the current keyring, the raw data folder, and every copy that was ever made of it.
//
// The search tries every stored byte string as every role: as a wrapped key under every epoch key, as a data key, and
// as a payload. Run with the keyring from before the destruction it must find secrets, or it could not find any.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <unordered_map>

#include "contract/harness.h"
#include "core/envelope.h"
#include "core/vault.h"
#include "crypto/aead.h"
#include "store/rocksdb/store_copy.h"
#include "support/fakes.h"

namespace disposable {
namespace {

constexpr std::size_t kWrapped = SymmetricKey::kSize + kBoxOverhead;
constexpr std::size_t kThorough = 200;  // one secret in so many is searched at every offset

std::string file_content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Everything that was found beside one secret's name, in any file.
struct Remains {
  std::vector<Record> records;
  std::set<Bytes> payloads;    // what follows a record, as long as the payload of a secret of this test
  std::set<Bytes> neighbours;  // the raw bytes around a record
};

class Search {
 public:
  Search(const Keyring& keyring, const std::vector<SecretKey>& links, std::size_t secret_bytes)
      : keyring_(keyring), links_(links), payload_bytes_(secret_bytes + kBoxOverhead), remains_(links.size()) {
    for (std::size_t i = 0; i < links.size(); ++i) {
      by_name_.emplace(prefix(keyring.fingerprint(links[i]).bytes.data()), i);
    }
  }

  void read_folder(const std::filesystem::path& folder) {
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      if (file.is_regular_file()) {
        read(file_content(file.path()));
      }
    }
  }

  // How many of the links open.
  std::size_t opened() const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < links_.size(); ++i) {
      count += opens(i) ? 1U : 0U;
    }
    return count;
  }
  std::size_t found() const {
    return static_cast<std::size_t>(
        std::count_if(remains_.begin(), remains_.end(), [](const Remains& one) { return !one.records.empty(); }));
  }

 private:
  static constexpr std::size_t kNameOffset = 32;  // of the fingerprint in a record; core/record.h

  template <class Byte>
  static std::uint64_t prefix(const Byte* bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return value;
  }

  void read(const std::string& bytes) {
    for (std::size_t at = kNameOffset; at + sizeof(Fingerprint) <= bytes.size(); ++at) {
      const auto named = by_name_.find(prefix(bytes.data() + at));
      if (named != by_name_.end()) {
        note(remains_[named->second], as_bytes(bytes).subspan(at - kNameOffset));
      }
    }
  }

  void note(Remains& remains, ByteView from) {
    constexpr std::size_t kFixed = 52;
    constexpr std::size_t kAround = 512;
    const ByteView around = from.first(std::min(from.size(), kAround));
    remains.neighbours.emplace(around.begin(), around.end());
    // Its length: that of the wrapped key is in it, and a verifier, which no secret of this test has, is empty.
    const std::size_t size = around.size() < kFixed ? 0 : kFixed + ByteReader(around.subspan(kFixed - 4)).u32() + 4;
    if (size == 0 || size > around.size()) {
      return;
    }
    Result<Record> record = decode_record(around.first(size));
    if (!record) {
      return;  // an event, whose fingerprint it is
    }
    if (around.size() - size >= payload_bytes_) {
      const ByteView payload = around.subspan(size, payload_bytes_);
      remains.payloads.emplace(payload.begin(), payload.end());
    }
    remains.records.push_back(std::move(*record));
  }

  // What authenticates a secret's boxes is the same in each of its records, and so are the keys that could wrap.
  struct Target {
    Bytes associated;
    std::vector<SymmetricKey> wraps;
    const std::set<Bytes>& payloads;
  };

  bool opens(std::size_t index) const {
    const Remains& remains = remains_[index];
    if (remains.records.empty()) {
      return false;
    }
    Target target{associated_data(index, remains.records.back()), {}, remains.payloads};
    for (const std::uint32_t epoch : keyring_.epochs()) {
      for (const auto purpose : {Keyring::Purpose::kDataKey, Keyring::Purpose::kVerifier}) {
        target.wraps.push_back(*keyring_.wrap_key(epoch, links_[index], purpose));
      }
    }
    const std::set<Bytes> strings = strings_of(index);
    return std::any_of(strings.begin(), strings.end(), [&target](const Bytes& bytes) {
      return opens_as_wrapped(target, bytes) || opens_as_key(target, bytes);
    });
  }

  std::set<Bytes> strings_of(std::size_t index) const {
    const Remains& remains = remains_[index];
    std::set<Bytes> strings = remains.payloads;
    for (const Record& record : remains.records) {
      strings.insert({record.wrapped_key, record.verifier});
    }
    if (index % kThorough == 0) {
      for (const Bytes& bytes : remains.neighbours) {
        for (std::size_t at = 0; at < bytes.size(); ++at) {
          const ByteView rest = ByteView(bytes).subspan(at, std::min(kWrapped, bytes.size() - at));
          strings.emplace(rest.begin(), rest.end());
        }
      }
    }
    return strings;
  }

  static bool opens_as_wrapped(const Target& target, const Bytes& bytes) {
    if (bytes.size() < kWrapped) {
      return false;
    }
    return std::any_of(target.wraps.begin(), target.wraps.end(), [&](const SymmetricKey& wrap) {
      return open(wrap, ByteView(bytes).first(kWrapped), target.associated).has_value();
    });
  }

  static bool opens_as_key(const Target& target, const Bytes& bytes) {
    if (bytes.size() < SymmetricKey::kSize) {
      return false;
    }
    SymmetricKey key;
    std::copy_n(bytes.begin(), SymmetricKey::kSize, key.expose_mutable().begin());
    return std::any_of(target.payloads.begin(), target.payloads.end(),
                       [&](const Bytes& payload) { return open(key, payload, target.associated).has_value(); });
  }

  // As core/envelope.cc binds it.
  Bytes associated_data(std::size_t index, const Record& record) const {
    return ByteWriter()
        .u8(1)
        .raw(keyring_.store_id(links_[index]).bytes)
        .i64(record.created_at.time_since_epoch().count())
        .i64(record.expires_at.time_since_epoch().count())
        .u8(record.guarded ? 1 : 0)
        .u32(record.epoch)
        .raw(record.fingerprint.bytes)
        .take();
  }

  const Keyring& keyring_;
  const std::vector<SecretKey>& links_;
  const std::size_t payload_bytes_;
  std::unordered_map<std::uint64_t, std::size_t> by_name_;
  std::vector<Remains> remains_;
};

constexpr std::size_t kSecrets = 10'000;
constexpr std::chrono::seconds kTtlMax{900};
constexpr std::string_view kSecretText = "a secret of 24 characters";

// A service in miniature: what it has written, and every copy that somebody has made of it.
struct Installation {
  ManualClock clock;
  SeededRandom random{7};
  Keyring keyring = Keyring::generate(random);
  PassphraseLane lane{PassphraseLane::Limits{}};
  RocksDbHarness harness;
  Vault vault{Vault::Parts{harness.store(), keyring, clock, random, lane, Argon2Cost{1, 8192}}};
  TemporaryFolder copies;
  int copied = 0;
  std::vector<SecretKey> links;

  void create_all() {
    Ticket last;
    for (std::size_t i = 0; i < kSecrets; ++i) {
      Held<SecretKey> held =
          vault.create(NewSecret{SecretBytes::copy_of(as_bytes(kSecretText)), {}, kTtlMax}, "192.0.2.1");
      REQUIRE(held.outcome);
      links.push_back(std::move(*held.outcome));
      last = held.ticket;
    }
    REQUIRE(last.wait());
  }
  void retrieve_every_other() {
    for (std::size_t i = 0; i < kSecrets; i += 2) {
      const Held<SecretBytes> held = vault.retrieve(links[i], "192.0.2.2");
      REQUIRE(held.outcome);
      REQUIRE(held.ticket.wait());
    }
  }
  void sweep() {
    for (SweepReport report{1}; report.expired + report.payloads_dropped + report.purged > 0;) {
      report = vault.sweep(1000).value();
    }
  }
  // As the file system has it, like a snapshot of the disk, and as `backup` makes it.
  void copy() {
    const std::filesystem::path to = copies / std::to_string(++copied);
    std::filesystem::create_directories(to);
    std::filesystem::copy(harness.folder.path(), to / "raw", std::filesystem::copy_options::recursive);
    StoreCopy backup;
    backup.from = harness.folder.path();
    backup.to = to / "backup";
    backup.rewrite = [this](ByteView bytes) {
      const Record record = without_keys(decode_record(bytes).value());
      return StoreCopy::Rewritten{{encode_record(record), due_at(record, clock.now())}, {}};
    };
    std::filesystem::create_directories(backup.to);
    REQUIRE(copy_store(backup));
  }
};

struct Searched {
  std::size_t found = 0;
  std::size_t opened = 0;
};

Searched search(const Installation& installation, const Keyring& keyring, const std::filesystem::path& within) {
  Search search(keyring, installation.links, kSecretText.size());
  search.read_folder(within);
  return {search.found(), search.opened()};
}

}  // namespace

TEST_CASE("shredding: of 10,000 spent and expired secrets none opens once their epoch is destroyed") {
  Installation installation;
  installation.create_all();
  installation.copy();
  REQUIRE(installation.keyring.begin_epoch(installation.random));
  installation.retrieve_every_other();
  installation.copy();
  installation.clock.advance(kTtlMax);
  installation.sweep();
  installation.copy();

  const std::string before(as_text(installation.keyring.serialize().expose()));
  installation.keyring.destroy_epochs_before(2);
  const Keyring old_keyring = Keyring::parse(as_bytes(before)).value();

  // With the old keyring, what nobody should open any more opens: from a snapshot of the disk all does, but for the few
  // records that RocksDB's log has cut in two at the end of a block; from the data folder what its files still hold.
  constexpr std::size_t kNearlyAll = kSecrets - kSecrets / 100;
  const std::filesystem::path data_folder = installation.harness.folder.path();
  const Searched snapshot = search(installation, old_keyring, installation.copies / "1" / "raw");
  CHECK(snapshot.found > kNearlyAll);
  CHECK(snapshot.opened == snapshot.found);
  const Searched left_over = search(installation, old_keyring, data_folder);
  CHECK(left_over.opened > 0);
  MESSAGE("with the old keyring " << left_over.opened << " of " << kSecrets << " open from the data folder alone");
  for (int copy = 1; copy <= installation.copied; ++copy) {
    CHECK(search(installation, old_keyring, installation.copies / std::to_string(copy) / "backup").opened == 0);
  }

  const Searched now = search(installation, installation.keyring, data_folder);
  CHECK(now.found > kNearlyAll);
  CHECK(now.opened == 0);
  CHECK(search(installation, installation.keyring, installation.copies.path()).opened == 0);
}

}  // namespace disposable
