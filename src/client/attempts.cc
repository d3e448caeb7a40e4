#include "client/attempts.h"

#include <algorithm>

#include "client/terminal_text.h"

namespace disposable {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstPause{200};
constexpr milliseconds kLongestPause{5'000};

bool says_later(int status) { return status == 502 || status == 503 || status == 504; }

std::string reason_of(int status) {
  constexpr int kTooManyRequests = 429;
  if (says_later(status)) {
    return "it is not available at the moment";
  }
  return status == kTooManyRequests
             ? "it wants fewer requests from here"
             : "what it says is cut short or not its own (status " + std::to_string(status) + ")";
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

ClientError Attempts::failure_of(const std::string& reason) const {
  return {ClientFailure::kUnavailable, "no answer from " + harmless_name(server_.origin()) + ": " + reason,
          lost_ ? "what became of the request is not known" : ""};
}

Outcome<HttpResponse> Attempts::once(const HttpRequest& request) {
  tl::expected<HttpResponse, HttpFailure> answer = call_http(server_, request, settings_);
  lost_ = answer ? says_later(answer->status) : answer.error().sent;
  if (answer && !lost_) {
    return std::move(*answer);
  }
  return client_fail(failure_of(answer ? reason_of(answer->status) : answer.error().reason));
}

Outcome<HttpResponse> Attempts::repeated(const HttpRequest& request, const Judge& judge) {
  steady_clock::time_point heard = steady_clock::now();
  HttpSettings settings = settings_;
  settings.sent = watched(settings_.sent, heard);
  settings.received = watched(settings_.received, heard);
  lost_ = false;
  for (milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    tl::expected<HttpResponse, HttpFailure> answer = call_http(server_, request, settings);
    const Verdict verdict = answer ? judge(*answer) : Verdict::kLost;
    if (answer && (verdict == Verdict::kFinal || (verdict == Verdict::kRefused && !lost_))) {
      return std::move(*answer);
    }
    const bool hopeless = !answer && answer.error().too_large && !lost_;
    lost_ = lost_ || (answer ? verdict == Verdict::kLost : answer.error().sent);
    const auto left = heard + patience_.limit - steady_clock::now();
    const std::string reason = answer ? reason_of(answer->status) : answer.error().reason;
    if (hopeless || !lost_ || left <= left.zero()) {
      return client_fail(failure_of(reason));
    }
    if (patience_.notice) {
      patience_.notice(reason);
    }
    const milliseconds asked_for = answer ? milliseconds(answer->retry_after()) : milliseconds(0);
    const milliseconds next = std::max(pause, std::min(asked_for, 2 * kLongestPause));
    patience_.wait(std::min(next, std::chrono::ceil<milliseconds>(left)));
  }
}

}  // namespace disposable
