#include "client/attempts.h"

#include <algorithm>
#include <charconv>

#include "client/terminal_text.h"

namespace disposable {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstPause{200};
constexpr milliseconds kLongestPause{5'000};

bool says_later(int status) { return status == 502 || status == 503 || status == 504; }

milliseconds asked_for(const HttpResponse& response) {
  const std::string_view text = response.field("Retry-After");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::max(seconds, 0));
}

// Notes in `heard` when a transfer got further than ever before.
HttpProgress watched(const HttpProgress& told, steady_clock::time_point& heard) {
  return [&told, &heard, furthest = std::uint64_t{0}](std::uint64_t done, std::uint64_t all) mutable {
    if (done > furthest) {
      furthest = done;
      heard = steady_clock::now();
    }
    if (told) {
      told(done, all);
    }
  };
}

}  // namespace

ClientError Attempts::failure_of(const HttpFailure& failure) const {
  return {ClientFailure::kUnavailable, "no answer from " + harmless_name(server_.origin()) + ": " + failure.reason,
          lost_ ? "what became of the request is not known" : ""};
}

Outcome<HttpResponse> Attempts::send(const HttpRequest& request, Repeat repeat) {
  steady_clock::time_point heard = steady_clock::now();
  HttpSettings settings = settings_;
  settings.sent = watched(settings_.sent, heard);
  settings.received = watched(settings_.received, heard);
  lost_ = false;
  for (milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    tl::expected<HttpResponse, HttpFailure> answer = call_http(server_, request, settings);
    if (answer && !says_later(answer->status)) {
      return std::move(*answer);
    }
    lost_ = lost_ || answer || answer.error().sent;
    const milliseconds next = answer ? std::max(pause, std::min(asked_for(*answer), 2 * kLongestPause)) : pause;
    const bool hopeless = !answer && answer.error().too_large;
    const HttpFailure failure = answer ? HttpFailure{true, "it is not available at the moment"} : answer.error();
    if (repeat == Repeat::kNever || !lost_ || hopeless || steady_clock::now() - heard + next > patience_.limit) {
      return client_fail(failure_of(failure));
    }
    if (patience_.notice) {
      patience_.notice(failure.reason);
    }
    patience_.wait(next);
  }
}

}  // namespace disposable
