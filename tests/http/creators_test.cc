// Goal: who may create, for every rule, address and kind of Authorization; and what a token's own limits give.

#include "http/creators.h"

#include <doctest/doctest.h>

#include "http/creators_fixture.h"
#include "http/token_limits.h"

namespace disposable {

namespace {

using std::chrono::hours;
using std::chrono::seconds;

const WallTime kNow{seconds{1'700'000'000}};
constexpr TokenLimits::Time kStart{hours(1000)};
constexpr ShortHashKey kKey{1, 2, 3};

ClientAddress client_of(std::string_view text) {
  return text == "unix" ? ClientAddress{} : ClientAddress{.ip = IpAddress::parse(text).value()};
}

// "401", "403", or "may" with the id of the token.
std::string outcome(const Principal& principal) {
  if (!principal) {
    return principal.error() == CreationRefusal::kUnauthorized ? "401" : "403";
  }
  return principal->empty() ? "may" : "may as " + *principal;
}

std::vector<HeaderField> fields_of(const std::vector<std::string>& values) {
  std::vector<HeaderField> fields = {{"Host", "x"}};
  for (const std::string& value : values) {
    fields.push_back({"authorization", value});
  }
  return fields;
}

}  // namespace

TEST_CASE("creators: rules, addresses and tokens") {
  TestToken good(1);
  TestToken expired(2);
  TestToken lasting(3);
  const TestToken unknown(4);
  expired.stored.expires_at = kNow;
  lasting.stored.expires_at = kNow + std::chrono::milliseconds{1};
  const std::string as_good = "may as " + good.stored.id;
  const std::string as_lasting = "may as " + lasting.stored.id;
  const Creators open = creators_of({"open"}, {good.stored, expired.stored, lasting.stored});
  const Creators nothing_said = creators_of({}, {good.stored, expired.stored, lasting.stored});
  const Creators token = creators_of({"token"}, {good.stored, expired.stored, lasting.stored});
  const Creators range = creators_of({"10.0.0.0/8", "2001:db8::/32"}, {good.stored, expired.stored, lasting.stored});
  const Creators both = creators_of({"token", "10.0.0.0/8"}, {good.stored, expired.stored, lasting.stored});
  const Creators all = creators_of({"10.0.0.0/8", "token", "open"}, {good.stored, expired.stored, lasting.stored});

  struct Row {
    const char* what;
    std::vector<std::string> shown;
    std::string open, token, range_outside, range_inside, both_outside;
  };
  const std::vector<Row> rows = {
      {"nothing", {}, "may", "401", "403", "may", "401"},
      {"a token", {"Bearer " + good.text}, as_good, as_good, "403", as_good, as_good},
      {"the scheme in other letters", {"bEaReR  " + good.text}, as_good, as_good, "403", as_good, as_good},
      {"one that lasts a moment", {"Bearer " + lasting.text}, as_lasting, as_lasting, "403", as_lasting, as_lasting},
      {"expired", {"Bearer " + expired.text}, "401", "401", "401", "401", "401"},
      {"unknown or revoked", {"Bearer " + unknown.text}, "401", "401", "401", "401", "401"},
      {"not a token", {"Bearer garbage"}, "401", "401", "401", "401", "401"},
      {"no token after the scheme", {"Bearer"}, "401", "401", "401", "401", "401"},
      {"a blank after the scheme", {"Bearer "}, "401", "401", "401", "401", "401"},
      {"something behind it", {"Bearer " + good.text + " x"}, "401", "401", "401", "401", "401"},
      {"two", {"Bearer " + good.text, "Bearer " + good.text}, "401", "401", "401", "401", "401"},
      {"a password and a token", {"Basic eDp5", "Bearer " + good.text}, "401", "401", "401", "401", "401"},
      {"a password for a proxy", {"Basic eDp5"}, "may", "401", "403", "may", "401"},
      {"a token under another scheme", {"Token " + good.text}, "may", "401", "403", "may", "401"},
      {"a token without a scheme", {good.text}, "may", "401", "403", "may", "401"},
      {"an empty field", {""}, "may", "401", "403", "may", "401"},
  };
  const ClientAddress outside = client_of("192.0.2.1");
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const std::vector<HeaderField> fields = fields_of(row.shown);
    CHECK(outcome(open.admit(outside, fields, kNow)) == row.open);
    CHECK(outcome(nothing_said.admit(outside, fields, kNow)) == row.open);
    CHECK(outcome(all.admit(outside, fields, kNow)) == row.open);
    CHECK(outcome(token.admit(outside, fields, kNow)) == row.token);
    CHECK(outcome(range.admit(outside, fields, kNow)) == row.range_outside);
    CHECK(outcome(range.admit(client_of("2001:db8::7"), fields, kNow)) == row.range_inside);
    CHECK(outcome(both.admit(outside, fields, kNow)) == row.both_outside);
    CHECK(outcome(both.admit(client_of("10.9.8.7"), fields, kNow)) == row.range_inside);
    // An unnamed client behind a Unix socket is in no range.
    CHECK(outcome(range.admit(client_of("unix"), fields, kNow)) == row.range_outside);
  }
}

TEST_CASE("creators: words, and what clients are told of them") {
  CHECK(creators_of({}).rules.creation() == "open");
  CHECK(creators_of({"token", "open"}).rules.creation() == "open");
  CHECK(creators_of({"token", "10.0.0.1"}).rules.creation() == "token");
  CHECK(creators_of({"::/0"}).rules.creation() == "restricted");
  for (const char* word : {"", "Open", "tokens", "10.0.0.1/8", "unix", "10.0.0.0/8,token"}) {
    CAPTURE(word);
    CHECK(CreatorRules().add(word).error().code == Errc::kInvalidArgument);
  }
}

TEST_CASE("creators: a token is found among many, by all of its digest") {
  std::vector<CreatorToken> many;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    many.push_back(TestToken(seed).stored);
  }
  TestToken damaged(7);
  many[7].digest.bytes[31] ^= 1U;  // the same id, and not the same token
  const CreatorTokens tokens(many);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const TestToken token(seed);
    const CreatorToken* found = tokens.find(token.text);
    CHECK((found == nullptr) == (seed == 7));
    CHECK((found == nullptr || found->id == token.stored.id));
  }
  CHECK(tokens.find(TestToken(100).text) == nullptr);
}

TEST_CASE("token limits: each token has its own, and one without has none") {
  TestToken slow(1);
  TestToken free(2);
  TestToken small(3);
  slow.stored.creates_per_minute = 2;
  small.stored.bytes_per_day = 1440;  // one a minute
  LimitHits hits;
  TokenLimits limits(kKey, hits);
  limits.configure(CreatorTokens({slow.stored, free.stored, small.stored}));
  const std::string& id = slow.stored.id;
  CHECK_FALSE(limits.admit_create(id, {1000}, kStart));
  CHECK_FALSE(limits.admit_create(id, {1000}, kStart));
  const Admission::Verdict refusal = limits.admit_create(id, {1000}, kStart);
  REQUIRE(refusal);
  CHECK(refusal->limit == Limit::kTokenCreates);
  CHECK(refusal->retry_after == seconds(30));
  CHECK_FALSE(limits.admit_create(id, {1000}, kStart + seconds(30)));
  for (int i = 0; i < 1000; ++i) {
    CHECK_FALSE(limits.admit_create(free.stored.id, {1U << 30U}, kStart));
  }
  CHECK_FALSE(limits.admit_create(small.stored.id, {1430}, kStart));
  CHECK(limits.admit_create(small.stored.id, {20}, kStart)->retry_after == seconds(600));
  limits.refund_create(small.stored.id, {1430}, kStart);
  CHECK_FALSE(limits.admit_create(small.stored.id, {1440}, kStart));
  CHECK(limits.admit_create(small.stored.id, {1}, kStart)->limit == Limit::kTokenBytes);
  CHECK(hits.hits(Limit::kTokenCreates) == 1);
  CHECK(hits.hits(Limit::kTokenBytes) == 2);
}

TEST_CASE("token limits: what the bytes refuse takes nothing of the rate") {
  TestToken token(1);
  token.stored.creates_per_minute = 1;
  token.stored.bytes_per_day = 100;
  LimitHits hits;
  TokenLimits limits(kKey, hits);
  limits.configure(CreatorTokens({token.stored}));
  for (int i = 0; i < 10; ++i) {
    const Admission::Verdict refusal = limits.admit_create(token.stored.id, {101}, kStart);
    CHECK(refusal->limit == Limit::kTokenBytes);
    CHECK(refusal->never);
  }
  CHECK_FALSE(limits.admit_create(token.stored.id, {100}, kStart));
}

TEST_CASE("token limits: debts outlive a reload, limits follow it, and who is gone is refused") {
  TestToken token(1);
  TestToken other(2);
  token.stored.creates_per_minute = 1;
  LimitHits hits;
  TokenLimits limits(kKey, hits);
  limits.configure(CreatorTokens({token.stored}));
  CHECK_FALSE(limits.admit_create(token.stored.id, {1}, kStart));
  limits.configure(CreatorTokens({other.stored, token.stored}));
  CHECK(limits.admit_create(token.stored.id, {1}, kStart));
  token.stored.creates_per_minute = 2;
  limits.configure(CreatorTokens({token.stored}));
  CHECK_FALSE(limits.admit_create(token.stored.id, {1}, kStart));
  CHECK(limits.admit_create(token.stored.id, {1}, kStart));
  token.stored.creates_per_minute = 0;
  limits.configure(CreatorTokens({token.stored}));
  CHECK_FALSE(limits.admit_create(token.stored.id, {1}, kStart));
  CHECK(limits.admit_create(other.stored.id, {1}, kStart)->retry_after == seconds(1));
  limits.refund_create(other.stored.id, {1}, kStart);
}

}  // namespace disposable
