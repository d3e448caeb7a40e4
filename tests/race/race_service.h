// A whole service on a free port of this machine: Server, Api and Vault over a given store; and many clients of it that
// move together.

#pragma once

#include <barrier>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "core/vault.h"
#include "http/server.h"
#include "support/http_client.h"

namespace disposable {

// Borrows the store, which must outlive it. Everything but the store's events is asked for over sockets.
class RaceService {
 public:
  // `lane`: how many Argon2 computations run and how many wait.
  RaceService(SecretStore& store, PassphraseLane::Limits lane);
  RaceService(const RaceService&) = delete;
  RaceService& operator=(const RaceService&) = delete;
  ~RaceService();

  int port() const { return listeners_.front().port; }
  // Keys of `count` new secrets, each with its own content; all guarded by `passphrase` if there is one.
  std::vector<std::string> create(std::size_t count, std::string_view passphrase = {});
  // The body of a retrieval of the `index`-th secret of create().
  static std::string retrieval_body(std::size_t index);
  // How the audit log would name the secret.
  Fingerprint fingerprint(std::string_view key) const;

 private:
  SystemRandom random_;
  SystemClock clock_;
  const Keyring keyring_;
  PassphraseLane lane_;
  Vault vault_;
  Api api_;
  std::vector<ListeningSocket> listeners_;
  std::unique_ptr<Server> server_;
};

// One request of one client in one round.
struct RaceRequest {
  std::string method;
  std::string path;
  std::string body{};
};

// Answers as [round][client]. In every round the clients send all but the last byte of their request, wait for each
// other, and then send it.
using RaceAnswers = std::vector<std::vector<HttpAnswer>>;
RaceAnswers race(int port, std::size_t clients, std::size_t rounds,
                 const std::function<RaceRequest(std::size_t round, std::size_t client)>& request);

// How many of them have that status.
std::size_t count_status(const std::vector<HttpAnswer>& answers, int status);

// All events of the store, in commit order.
std::vector<Event> all_events(Outbox& outbox);

}  // namespace disposable
