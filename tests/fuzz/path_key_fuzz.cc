// The head of a request and the key in its path, from hostile bytes, up to the answer of the Api.
//
// Beyond "no crash": a head that is accepted has an end that does not move when more bytes follow; only a well-formed
// key of exactly 36 characters reaches the store; nothing of the request is repeated in the answer; nothing is spent.

#include <algorithm>
#include <cstdint>
#include <string>

#include "http/api.h"
#include "http/http_head.h"
#include "http/response.h"

namespace disposable {

namespace {

class SystemTime final : public Clock {
 public:
  WallTime now() override { return WallTime{std::chrono::milliseconds{1'700'000'000'000}}; }
};

// Has nothing, and remembers that it was asked.
class EmptyStore final : public SecretStore {
 public:
  int loads = 0;

  Result<Ticket> insert(const StoreId&, Entry, Bytes, std::span<const Event>) override { return refused(); }
  Result<Loaded> load(const StoreId&) override {
    ++loads;
    return fail(Errc::kNotFound, "nothing is here");
  }
  Result<Bytes> load_payload(const StoreId&) override { return refused(); }
  Result<Ticket> replace(const StoreId&, std::uint64_t, Entry, Payload, std::span<const Event>) override {
    check(false, "nothing is there that could be spent");
    return refused();
  }
  Result<Ticket> purge(const StoreId&, std::uint64_t) override { return refused(); }
  Result<std::vector<DueEntry>> due(WallTime, std::size_t) override { return refused(); }
  Result<void> ready() override { return {}; }
  Result<void> takes_changes() override { return {}; }
  Result<void> wait_durable(CommitSequence) override { return {}; }
  std::optional<Result<void>> outcome(CommitSequence) override { return Result<void>{}; }
  void watch_settled(std::function<void()>) override {}

 private:
  static tl::unexpected<Error> refused() { return fail(Errc::kUnavailable, "the fuzzed store refuses"); }
};

struct Fixture {
  SystemRandom random;
  SystemTime clock;
  Keyring keyring = Keyring::generate(random);
  EmptyStore store;
  PassphraseLane lane{{}};
  Vault vault{Vault::Parts{store, keyring, clock, random, lane, Argon2Cost{1, 8192}}};
  Api api{Api::Parts{vault, [] { return Readiness{}; }}};
};

Fixture& fixture() {
  static Fixture instance;
  return instance;
}

// Fixed sentences only: no run of eight bytes of the request's path stands in the answer, apart from its own words.
void check_not_echoed(std::string_view path, const Response& response) {
  constexpr std::size_t kRun = 8;
  const std::string_view body = as_text(response.body.expose());
  if (response.status == 200 || !path.starts_with("/api/v1/secret/")) {
    return;
  }
  const std::string_view key = path.substr(std::string_view("/api/v1/secret/").size());
  const std::string_view known =
      "{\"detail\":\"Secret not found or expired\"}{\"detail\":\"Not Found\"}"
      "{\"detail\":\"Method Not Allowed\"}"
      "{\"detail\":\"Prefetching does not retrieve a secret\"}"
      "{\"detail\":\"Unsupported Media Type\"}{\"detail\":\"Request body too large\"}";
  for (std::size_t at = 0; at + kRun <= key.size(); ++at) {
    const std::string_view run = key.substr(at, kRun);
    check(body.find(run) == std::string_view::npos || known.find(run) != std::string_view::npos,
          "nothing of the request is repeated");
  }
}

void check_request(Request request) {
  Fixture& parts = fixture();
  request.address = "192.0.2.1";
  const int loads_before = parts.store.loads;
  const Response response = parts.api.handle(request);
  check(response.status >= 200 && response.status < 600 && response.status != 500, "every request has an answer");
  check_not_echoed(request.path, response);
  if (parts.store.loads != loads_before) {
    const std::string_view stem = "/api/v1/secret/";
    check(request.path.starts_with(stem) && SecretKey::parse(request.path.substr(stem.size())).has_value(),
          "only a well-formed key reaches the store");
    check(request.method == "GET" || request.method == "DELETE", "only GET and DELETE reach the store");
  }
}

void check_head(std::string_view bytes) {
  HeadScanner scanner;
  if (scanner.scan(bytes) != HeadScanner::State::kComplete) {
    return;
  }
  const std::size_t size = scanner.size();
  HeadScanner again;
  check(size <= bytes.size() && again.scan(bytes.substr(0, size)) == HeadScanner::State::kComplete &&
            again.size() == size,
        "the end of a head depends on the head alone");
  const auto head = parse_head(bytes.substr(0, size), Limits{});
  if (!head) {
    check(head.error().status >= 400 && head.error().status < 600, "a refusal is an error status");
    return;
  }
  check(head->request.headers.size() <= Limits{}.header_fields_max, "fields are bounded");
  check(!head->request.header("Transfer-Encoding").has_value(), "Content-Length is the only framing");
  check_request(head->request);
}

}  // namespace

}  // namespace disposable

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace disposable;
  const std::string_view bytes = as_text({data, size});
  check_head(bytes);
  const std::string path = "/api/v1/secret/" + std::string(bytes);
  for (const std::string_view method : {"GET", "DELETE", "HEAD"}) {
    check_request({method, path, {}, {}, {}});
  }
  if (const auto key = SecretKey::parse(bytes)) {
    std::string lower(bytes);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c; });
    check(as_text(key->format().expose()) == lower, "a key is shown as it was read");
  }
  return 0;
}
