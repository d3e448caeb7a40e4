// Goal: each limit of an address holds, refuses with a wait that is enough, is counted, and never meets the exempt.

#include "http/admission.h"

#include <doctest/doctest.h>

#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace disposable {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr ShortHashKey kKey{1, 2, 3};
constexpr Admission::Time kStart{hours(1000)};

ClientAddress client_of(std::string_view text) { return {.ip = IpAddress::parse(text).value()}; }

Limits limits_of() {
  Limits limits;
  limits.creates = {4, 60};
  limits.retrieves = {3, 30};
  limits.misses = {3, 30};
  limits.wrong_passphrases = {2, 6};
  limits.address_bytes_max = 86'400;  // one a second
  return limits;
}

bool refused_by(const Admission::Verdict& verdict, Limit limit, seconds retry_after) {
  return verdict && verdict->limit == limit && verdict->retry_after == retry_after;
}

}  // namespace

TEST_CASE("admission: creations have a rate for each address") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(admission.admit_create(client, 10, kStart));
  }
  CHECK(refused_by(admission.admit_create(client, 10, kStart), Limit::kCreates, seconds(1)));
  CHECK_FALSE(admission.admit_create(client_of("192.0.2.2"), 10, kStart));
  CHECK_FALSE(admission.admit_create(client, 10, kStart + seconds(1)));
  CHECK(hits.hits(Limit::kCreates) == 1);
}

TEST_CASE("admission: bytes have a budget that comes back within a day") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("2001:db8::1");
  CHECK_FALSE(admission.admit_create(client, 86'000, kStart));
  CHECK(refused_by(admission.admit_create(client_of("2001:db8::2"), 1000, kStart), Limit::kAddressBytes, seconds(600)));
  CHECK_FALSE(admission.admit_create(client, 400, kStart));
  CHECK(refused_by(admission.admit_create(client, 86'400, kStart + seconds(1)), Limit::kAddressBytes, seconds(86'399)));
  CHECK_FALSE(admission.admit_create(client, 86'400, kStart + hours(24)));
  CHECK(hits.hits(Limit::kAddressBytes) == 2);
  CHECK(hits.hits(Limit::kCreates) == 0);
}

TEST_CASE("admission: a creation that the byte budget refuses takes nothing of the rate") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 100; ++i) {
    const Admission::Verdict refusal = admission.admit_create(client, 86'401, kStart);
    CHECK(refused_by(refusal, Limit::kAddressBytes, seconds(0)));
    CHECK(refusal->never);
  }
  CHECK_FALSE(admission.admit_create(client, 86'360, kStart));
  for (int i = 0; i < 100; ++i) {
    CHECK(refused_by(admission.admit_create(client, 41, kStart), Limit::kAddressBytes, seconds(1)));
  }
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(admission.admit_create(client, 10, kStart));
  }
}

TEST_CASE("admission: what was not stored gives its bytes back, and not its turn") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(admission.admit_create(client, 86'400, kStart));
    admission.refund_create(client, 86'400, kStart);
  }
  CHECK(refused_by(admission.admit_create(client, 1, kStart), Limit::kCreates, seconds(1)));
}

TEST_CASE("admission: who has retrieved much retrieves nothing more for a while") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(admission.admit_retrieve(client, kStart));
    admission.note_retrieved(client, kStart);
  }
  CHECK(refused_by(admission.admit_retrieve(client, kStart), Limit::kRetrieves, seconds(2)));
  CHECK_FALSE(admission.admit_retrieve(client_of("192.0.2.2"), kStart));
  CHECK_FALSE(admission.admit_lookup(client, kStart));
  CHECK_FALSE(admission.admit_create(client, 10, kStart));
  CHECK_FALSE(admission.admit_retrieve(client, kStart + seconds(2)));
  CHECK(hits.hits(Limit::kRetrieves) == 1);
}

TEST_CASE("admission: who misses too often looks up nothing more for a while") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(admission.admit_lookup(client, kStart));  // hits cost nothing
  }
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(admission.admit_lookup(client, kStart));
    admission.note_miss(client, kStart);
  }
  CHECK(refused_by(admission.admit_lookup(client, kStart), Limit::kMisses, seconds(2)));
  CHECK_FALSE(admission.admit_lookup(client_of("192.0.2.2"), kStart));
  CHECK_FALSE(admission.admit_create(client, 10, kStart));
  CHECK_FALSE(admission.admit_passphrase(client, kStart));
  CHECK_FALSE(admission.admit_lookup(client, kStart + seconds(2)));
  CHECK(hits.hits(Limit::kMisses) == 1);
}

TEST_CASE("admission: misses that were under way together all count") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 5; ++i) {
    admission.note_miss(client, kStart);
  }
  CHECK(refused_by(admission.admit_lookup(client, kStart), Limit::kMisses, seconds(6)));
}

TEST_CASE("admission: wrong passphrases have a rate of their own") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(admission.admit_passphrase(client, kStart));
    admission.note_wrong_passphrase(client, kStart);
  }
  CHECK(refused_by(admission.admit_passphrase(client, kStart), Limit::kWrongPassphrases, seconds(10)));
  CHECK_FALSE(admission.admit_lookup(client, kStart));
  CHECK_FALSE(admission.admit_passphrase(client, kStart + seconds(10)));
  CHECK(hits.hits(Limit::kWrongPassphrases) == 1);
}

TEST_CASE("admission: the exempt are never limited and leave no trace for those who are not") {
  LimitHits hits;
  Admission admission(limits_of(), kKey, hits);
  const ClientAddress loopback = client_address(Peer{IpAddress::parse("127.0.0.1")}, {}, {});
  const ClientAddress socket = client_address(Peer{}, {}, {});
  for (const ClientAddress& client : {loopback, socket}) {
    REQUIRE(client.exempt);
    for (int i = 0; i < 100; ++i) {
      CHECK_FALSE(admission.admit_create(client, 1U << 30U, kStart));
      admission.note_miss(client, kStart);
      CHECK_FALSE(admission.admit_lookup(client, kStart));
      admission.note_wrong_passphrase(client, kStart);
      CHECK_FALSE(admission.admit_passphrase(client, kStart));
      admission.refund_create(client, 1U << 30U, kStart);
    }
    ClientAddress forwarded = client;
    forwarded.exempt = false;
    CHECK_FALSE(admission.admit_create(forwarded, 86'400, kStart));
    CHECK_FALSE(admission.admit_lookup(forwarded, kStart));
    CHECK_FALSE(admission.admit_passphrase(forwarded, kStart));
  }
}

TEST_CASE("admission: limits change while it runs, and 0 lifts them") {
  LimitHits hits;
  Limits limits = limits_of();
  Admission admission(limits, kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  limits.creates = {1, 60};
  limits.misses = {1, 60};
  limits.wrong_passphrases = {1, 60};
  limits.address_bytes_max = 100;
  admission.configure(limits);
  CHECK(admission.admit_create(client, 101, kStart)->never);
  CHECK_FALSE(admission.admit_create(client, 100, kStart));
  CHECK(refused_by(admission.admit_create(client, 0, kStart), Limit::kCreates, seconds(1)));
  admission.note_miss(client, kStart);
  CHECK(admission.admit_lookup(client, kStart));
  admission.note_wrong_passphrase(client, kStart);
  CHECK(admission.admit_passphrase(client, kStart));
  limits.creates = limits.retrieves = limits.misses = limits.wrong_passphrases = {};
  limits.address_bytes_max = 0;
  admission.configure(limits);
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(admission.admit_create(client, 1U << 30U, kStart));
    CHECK_FALSE(admission.admit_lookup(client, kStart));
    admission.note_retrieved(client, kStart);
    CHECK_FALSE(admission.admit_retrieve(client, kStart));
    CHECK_FALSE(admission.admit_passphrase(client, kStart));
  }
}

TEST_CASE("admission: of four threads at once exactly the burst is admitted") {
  constexpr int kThreads = 4;
  LimitHits hits;
  Limits limits = limits_of();
  limits.creates = {1000, 1};
  Admission admission(limits, kKey, hits);
  const ClientAddress client = client_of("192.0.2.1");
  std::latch start(kThreads);
  std::atomic<int> admitted{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < 500; ++i) {
        admitted += admission.admit_create(client, 1, kStart) ? 0 : 1;
        admission.note_miss(client, kStart);
        admission.configure(limits);
      }
    });
  }
  threads.clear();
  CHECK(admitted.load() == 1000);
  CHECK(hits.hits(Limit::kCreates) == 1000);
}

TEST_CASE("limits: each has a counter and a name of its own") {
  LimitHits hits;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    const auto limit = static_cast<Limit>(i);
    CHECK(hits.hits(limit) == 0);
    hits.count(limit);
    CHECK(hits.hits(limit) == 1);
    CHECK(name(limit) != "unknown");
    names.insert(name(limit));
  }
  CHECK(names.size() == kLimitCount);
}

}  // namespace disposable
