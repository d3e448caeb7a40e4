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

}  // namespace

ClientError Attempts::failure_of(const HttpFailure& failure) const {
  return {ClientFailure::kUnavailable, "no answer from " + harmless_name(server_.origin()) + ": " + failure.reason,
          lost_ ? "what became of the request is not known" : ""};
}

Outcome<HttpResponse> Attempts::send(const HttpRequest& request, Repeat repeat) {
  const steady_clock::time_point began = steady_clock::now();
  lost_ = false;
  for (milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    tl::expected<HttpResponse, HttpFailure> answer = call_http(server_, request, settings_);
    if (answer && !says_later(answer->status)) {
      return std::move(*answer);
    }
    lost_ = lost_ || answer || answer.error().sent;
    const milliseconds next = answer ? std::max(pause, std::min(asked_for(*answer), 2 * kLongestPause)) : pause;
    const HttpFailure failure = answer ? HttpFailure{true, "it is not available at the moment"} : answer.error();
    if (repeat == Repeat::kNever || !lost_ || steady_clock::now() - began + next > patience_.limit) {
      return client_fail(failure_of(failure));
    }
    if (patience_.notice) {
      patience_.notice(failure.reason);
    }
    patience_.wait(next);
  }
}

}  // namespace disposable
