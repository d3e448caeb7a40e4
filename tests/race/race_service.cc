#include "race/race_service.h"

namespace disposable {

namespace {

// More workers than any race has clients, so that every request is in the vault's hands at the same time.
constexpr std::size_t kWorkers = 128;
constexpr std::size_t kLoops = 2;
// The verdict matters here, not its cost.
constexpr Argon2Cost kCheapArgon2{1, 8192};
constexpr std::chrono::seconds kStopDeadline{10};

std::string content(std::size_t index) { return "secret number " + std::to_string(index); }

// The 36 characters of the key in {"secret_key":"..."}.
std::string key_in(const HttpAnswer& answer) {
  static constexpr std::string_view kBefore = R"({"secret_key":")";
  check(answer.status == 200 && answer.body.size() == kBefore.size() + SecretKey::kTextSize + 2, "a secret is created");
  return answer.body.substr(kBefore.size(), SecretKey::kTextSize);
}

}  // namespace

RaceService::RaceService(SecretStore& store, PassphraseLane::Limits lane)
    : keyring_(Keyring::generate(random_)),
      lane_(lane),
      vault_(Vault::Parts{store, keyring_, clock_, random_, lane_, kCheapArgon2}),
      api_(Api::Parts{vault_, [] { return Readiness{}; }}) {
  Result<ListeningSocket> listener = open_listener(*parse_endpoint("127.0.0.1:0"), {});
  check(listener.has_value(), "a free port can be had");
  listeners_.push_back(std::move(*listener));
  Result<std::unique_ptr<Server>> server =
      Server::open({api_, clock_, [](std::string_view) {}}, store, {.loops = kLoops, .workers = kWorkers});
  check(server.has_value(), "the threads can be had");
  server_ = std::move(*server);
  check(server_->serve(listeners_).has_value(), "the port can be watched");
}

RaceService::~RaceService() { check(server_->stop(kStopDeadline), "no request is left in hand"); }

std::vector<std::string> RaceService::create(std::size_t count, std::string_view passphrase) {
  HttpClient client(port());
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < count; ++i) {
    std::string body = R"({"secret":")" + content(i) + '"';
    if (!passphrase.empty()) {
      body.append(R"(,"passphrase":")").append(passphrase).append("\"");
    }
    keys.push_back(key_in(client.request("POST", "/api/v1/secret", body + "}")));
  }
  return keys;
}

std::string RaceService::retrieval_body(std::size_t index) { return R"({"secret":")" + content(index) + "\"}"; }

Fingerprint RaceService::fingerprint(std::string_view key) const {
  const Result<SecretKey> parsed = SecretKey::parse(key);
  check(parsed.has_value(), "the service gives well-formed keys");
  return keyring_.fingerprint(*parsed);
}

RaceAnswers race(int port, std::size_t clients, std::size_t rounds,
                 const std::function<RaceRequest(std::size_t round, std::size_t client)>& request) {
  RaceAnswers answers(rounds, std::vector<HttpAnswer>(clients));
  std::barrier start(static_cast<std::ptrdiff_t>(clients));
  std::vector<std::jthread> threads;
  for (std::size_t number = 0; number < clients; ++number) {
    threads.emplace_back([&, number] {
      HttpClient client(port);
      for (std::size_t round = 0; round < rounds; ++round) {
        const RaceRequest mine = request(round, number);
        client.begin(mine.method, mine.path, mine.body);
        start.arrive_and_wait();
        answers[round][number] = client.finish();
      }
    });
  }
  threads.clear();
  return answers;
}

std::size_t count_status(const std::vector<HttpAnswer>& answers, int status) {
  std::size_t count = 0;
  for (const HttpAnswer& answer : answers) {
    count += answer.status == status ? 1U : 0U;
  }
  return count;
}

std::vector<Event> all_events(Outbox& outbox) {
  constexpr std::size_t kPage = 10'000;
  std::vector<Event> events;
  std::uint64_t after = 0;
  for (;;) {
    const Result<std::vector<OutboxEntry>> page = outbox.pending(after, kPage);
    check(page.has_value(), "the outbox can be read");
    if (page->empty()) {
      return events;
    }
    after = page->back().position;
    for (const OutboxEntry& entry : *page) {
      events.push_back(entry.event);
    }
  }
}

}  // namespace disposable
