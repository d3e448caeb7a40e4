// Goal: retrievals take no more memory for payloads than they may, and no payload is read that need not be.

#include "core/payload_budget.h"

#include <doctest/doctest.h>

#include "core/shared_fixture.h"
#include "support/metrics_parser.h"

namespace disposable {

namespace {

constexpr std::uint64_t kLarge = PayloadBudget::kCountedFrom;

// Counts the payloads that are read, and lets others act before one is handed out.
class WatchedStore final : public SecretStore {
 public:
  explicit WatchedStore(SecretStore& store) : store_(store) {}

  Result<Ticket> insert(const StoreId& id, Entry entry, Bytes payload, std::span<const Event> events) override {
    return store_.insert(id, std::move(entry), std::move(payload), events);
  }
  Result<Loaded> load(const StoreId& id) override { return store_.load(id); }
  Result<Bytes> load_payload(const StoreId& id) override {
    ++payloads_read;
    if (const auto act = std::exchange(before_payload, {})) {
      act();
    }
    return store_.load_payload(id);
  }
  Result<Ticket> replace(const StoreId& id, std::uint64_t version, Entry entry, Payload payload,
                         std::span<const Event> events) override {
    return store_.replace(id, version, std::move(entry), payload, events);
  }
  Result<Ticket> purge(const StoreId& id, std::uint64_t version) override { return store_.purge(id, version); }
  Result<std::vector<DueEntry>> due(WallTime now, std::size_t limit) override { return store_.due(now, limit); }
  Result<void> ready() override { return store_.ready(); }
  Result<void> takes_changes() override { return store_.takes_changes(); }
  Result<void> wait_durable(CommitSequence sequence) override { return store_.wait_durable(sequence); }
  std::optional<Result<void>> outcome(CommitSequence sequence) override { return store_.outcome(sequence); }
  void watch_settled(std::function<void()> listener) override { store_.watch_settled(std::move(listener)); }

  int payloads_read = 0;
  std::function<void()> before_payload;

 private:
  SecretStore& store_;
};

struct BudgetFixture : SharedFixture {
  WatchedStore watched{store};
  PayloadBudget budget{2 * kLarge};
  Vault vault_within{Vault::Parts{watched, keyring, clock, random, lane, Argon2Cost{1, 8192}, nullptr, &budget}};

  Held<Revealed> reveal(const SecretKey& key, std::string_view claim = {}) {
    return vault_within.retrieve(key, {}, as_bytes(claim), "192.0.2.2");
  }
  // "262144 bytes, 1 left", or the name of the refusal.
  std::string size(const Held<Revealed>& held) {
    return held.outcome ? std::to_string(held.outcome->secret.size()) + " bytes, " +
                              std::to_string(held.outcome->views_left) + " left"
                        : name(held.outcome.error().code);
  }
};

ParsedMetrics metrics_of(const PayloadBudget& budget) {
  MetricsText text;
  budget.write_metrics(text);
  ParsedMetrics parsed(text.take());
  CHECK(parsed.error() == "");
  return parsed;
}

}  // namespace

TEST_CASE("payload budget: what is held cannot be had by others; small ones are not counted; one alone always fits") {
  PayloadBudget budget(3 * kLarge);
  {
    std::optional<PayloadBudget::Share> two = budget.reserve(2 * kLarge);
    CHECK(two);
    CHECK_FALSE(budget.reserve(2 * kLarge));
    CHECK(budget.reserve(kLarge));
    CHECK(metrics_of(budget).value("disposable_secrets_retrieval_bytes") == 2 * kLarge);
    CHECK(metrics_of(budget).value("disposable_secrets_retrievals_refused_total") == 1);
    budget.configure(kLarge);
    CHECK_FALSE(budget.reserve(kLarge));
    CHECK(budget.reserve(kLarge - 1));
    const PayloadBudget::Share moved = std::move(*two);  // is given back once
  }
  CHECK(metrics_of(budget).value("disposable_secrets_retrieval_bytes") == 0);
  const std::optional<PayloadBudget::Share> alone = budget.reserve(100 * kLarge);
  CHECK(alone);
  CHECK_FALSE(budget.reserve(kLarge));
}

TEST_CASE("payload budget: who would take too much is refused before anything is read, and spends nothing") {
  BudgetFixture fixture;
  const Created first = fixture.share(SharedFixture::fresh(std::string(kLarge, 'x')));
  const Created second = fixture.share(SharedFixture::fresh(std::string(kLarge, 'y')));
  const Created small = fixture.share(SharedFixture::fresh("hunter2"));
  fixture.watched.before_payload = [&] {
    const Held<Revealed> refused = fixture.reveal(second.key);
    REQUIRE_FALSE(refused.outcome.has_value());
    CHECK(refused.outcome.error().code == Errc::kUnavailable);
    CHECK(refused.outcome.error().retry_after == std::chrono::seconds{1});
    CHECK(fixture.watched.payloads_read == 1);
    CHECK(fixture.words(fixture.reveal(small.key)) == "hunter2, 0 left");
  };
  CHECK(fixture.size(fixture.reveal(first.key)) == "262144 bytes, 0 left");
  CHECK(fixture.size(fixture.reveal(second.key)) == "262144 bytes, 0 left");
  CHECK(fixture.size(fixture.reveal(second.key)) == "spent");
  CHECK(metrics_of(fixture.budget).value("disposable_secrets_retrieval_bytes") == 0);
}

TEST_CASE("payload budget: what is wrong is told without a payload, whatever others take") {
  BudgetFixture fixture;
  const auto held = fixture.budget.reserve(2 * kLarge);
  const Created created = fixture.share(SharedFixture::fresh(std::string(kLarge, 'x'), 1, {}, SharedFixture::kProof));
  CHECK(fixture.size(fixture.reveal(created.key)) == "wrong proof");
  CHECK(fixture.erase(created.key, {}, SharedFixture::kProof) == "deleted");
  CHECK(fixture.size(fixture.reveal(created.key)) == "spent");
  CHECK(fixture.watched.payloads_read == 0);
}

TEST_CASE("payload budget: who is overtaken at a view takes the next one without reading the payload again") {
  for (const std::string_view claim : {std::string_view{}, SharedFixture::kClaim}) {
    BudgetFixture fixture;
    const Created created = fixture.share(SharedFixture::fresh("hunter2", 3));
    fixture.watched.before_payload = [&] { CHECK(fixture.read(created.key, claim) == "hunter2, 2 left"); };
    // By the same claim it is the same view.
    CHECK(fixture.words(fixture.reveal(created.key, claim)) == (claim.empty() ? "hunter2, 1 left" : "hunter2, 2 left"));
    CHECK(fixture.watched.payloads_read == 1);
    CHECK(fixture.record(created.key).views_left == (claim.empty() ? 1 : 2));
  }
}

}  // namespace disposable
