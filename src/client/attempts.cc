#include "client/attempts.h"

#include <algorithm>

#include "client/call_watch.h"
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

// Who sends a byte now and then is not listened to for ever.
milliseconds time_for(const HttpRequest& request, const Patience& patience) {
  constexpr std::uint64_t kSlowestPace = 4;  // bytes a millisecond
  return patience.attempt_most + milliseconds((request.body.size() + request.answer_bytes) / kSlowestPace);
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

// The watch's thread lives as long as the call: whoever holds signals back between calls holds back all.
tl::expected<HttpResponse, HttpFailure> Attempts::attempt(const HttpRequest& request, HttpSettings& settings) const {
  CallWatch watch;
  CallWatch::Call call(watch, time_for(request, patience_), {});
  settings.opened = [&call](int socket) { call.opened(socket); };
  settings.may_connect = [&call](const std::string&) { return !call.over(); };
  tl::expected<HttpResponse, HttpFailure> answer = call_http(server_, request, settings);
  if (!answer && call.over()) {
    answer.error().reason = "it has not answered in time";
  }
  return answer;
}

Outcome<HttpResponse> Attempts::once(const HttpRequest& request) {
  HttpSettings settings = settings_;
  tl::expected<HttpResponse, HttpFailure> answer = attempt(request, settings);
  lost_ = answer ? says_later(answer->status) : answer.error().sent;
  if (answer && !lost_) {
    return std::move(*answer);
  }
  return client_fail(failure_of(answer ? reason_of(answer->status) : answer.error().reason));
}

Outcome<HttpResponse> Attempts::repeated(const HttpRequest& request, const Judge& judge) {
  const steady_clock::time_point begin = steady_clock::now();
  steady_clock::time_point heard = begin;
  HttpSettings settings = settings_;
  settings.sent = watched(settings_.sent, heard);
  settings.received = watched(settings_.received, heard);
  lost_ = false;
  for (milliseconds pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    tl::expected<HttpResponse, HttpFailure> answer = attempt(request, settings);
    const Verdict verdict = answer ? judge(*answer) : Verdict::kLost;
    if (answer && (verdict == Verdict::kFinal || (verdict == Verdict::kRefused && !lost_))) {
      return std::move(*answer);
    }
    const bool hopeless = !answer && answer.error().too_large && !lost_;
    lost_ = lost_ || (answer ? verdict == Verdict::kLost : answer.error().sent);
    const steady_clock::time_point now = steady_clock::now();
    const auto left = std::min(heard + patience_.limit, begin + patience_.limit + time_for(request, patience_)) - now;
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
