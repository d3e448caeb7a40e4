// Attempts: a request is sent again while its answer is lost, for requests that may be: what was done once is not done
// twice, because the request has a claim or an idempotency key.

#pragma once

#include "client/client_error.h"
#include "client/http_call.h"

namespace disposable {

struct Patience {
  // Since the server was last heard of: as long as it keeps a claim at the least.
  std::chrono::milliseconds limit{60'000};
  // For one attempt, however lively it is; more for what is sent and expected, at 4 KiB a second.
  std::chrono::milliseconds attempt_most{60'000};
  // Lets that much time go by.
  std::function<void(std::chrono::milliseconds)> wait;
  // Told before each further attempt, for a person who watches; may be empty.
  std::function<void(const std::string& reason)> notice;
};

// What an answer means for the request that it follows.
enum class Verdict : std::uint8_t {
  kFinal,    // the service's word on it
  kRefused,  // it was not let in: nothing was done, by this attempt
  kLost,     // the answer was cut short, or is somebody else's: what was done is not known
};
using Judge = std::function<Verdict(const HttpResponse&)>;

// kUnavailable for what is no answer. One thread at a time.
class Attempts {
 public:
  // Borrows both; they must outlive it.
  Attempts(const ServerUrl& server, const HttpSettings& settings, const Patience& patience)
      : server_(server), settings_(settings), patience_(patience) {}

  // One attempt. Any answer but 502, 503 and 504.
  Outcome<HttpResponse> once(const HttpRequest& request);

  // Until there is an answer that is final, or a refusal before any answer was lost: afterwards it is waited out. A
  // server that cannot be reached at the first attempt is not waited for: nothing is at stake yet. Patience begins anew
  // whenever an attempt gets further than those before it, so a large transfer that breaks off late is tried again, and
  // one that always breaks at the same place is given up.
  Outcome<HttpResponse> repeated(const HttpRequest& request, const Judge& judge);

  // Whether an attempt of the last request may have been carried out without our knowing it.
  bool lost_an_answer() const { return lost_; }

 private:
  tl::expected<HttpResponse, HttpFailure> attempt(const HttpRequest& request, HttpSettings& settings) const;
  ClientError failure_of(const std::string& reason) const;

  const ServerUrl& server_;
  const HttpSettings& settings_;
  const Patience& patience_;
  bool lost_ = false;
};

}  // namespace disposable
