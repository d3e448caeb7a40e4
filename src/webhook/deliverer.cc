#include "webhook/deliverer.h"

#include <algorithm>
#include <exception>

#include "core/webhook.h"
#include "core/webhook_url.h"
#include "webhook/back_off.h"
#include "webhook/webhook_message.h"

namespace disposable {

namespace {

constexpr int kSecretThreads = 3;
constexpr std::chrono::milliseconds kIdle{1000};     // other nodes add, too, and what failed becomes due
constexpr std::chrono::milliseconds kLease{30'000};  // longer than a call and what follows it
constexpr std::chrono::seconds kCountEvery{5};
constexpr std::chrono::seconds kPruneEvery{60};
constexpr std::chrono::minutes kRestRemembered{10};  // after its end, so that the next one is longer
constexpr std::size_t kRestingMax = 1000;            // beyond, calls have their own pauses only
constexpr int kGone = 410;

bool is_success(int status) { return status / 100 == 2; }

std::string reason_of(const WebhookAnswer& answer) {
  return answer.status == 0 ? answer.reason : "the receiver has answered with " + std::to_string(answer.status);
}

}  // namespace

Deliverer::~Deliverer() {
  for (std::jthread& thread : threads_) {
    thread.request_stop();
  }
}

void Deliverer::start() {
  check(threads_.empty(), "the deliverer is started once");
  if (parts_.server != nullptr) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(DeliveryKind::kServer, stop); });
  }
  for (int i = 0; i < kSecretThreads; ++i) {
    threads_.emplace_back([this](const std::stop_token& stop) { run(DeliveryKind::kSecret, stop); });
  }
}

void Deliverer::wake() {
  const MutexLock lock(mutex_);
  woken_.notify_all();
}

// The root of a thread's work: out-of-memory is a failure of the queue like any other, since nothing is lost.
void Deliverer::run(DeliveryKind kind, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    bool done = false;
    try {
      done = deliver_next(kind, stop);
    } catch (const std::exception& exception) {
      note_queue(fail(Errc::kUnavailable, std::string("a delivery threw: ") + exception.what()));
    }
    if (!done) {
      wait(stop);
    }
  }
}

void Deliverer::wait(const std::stop_token& stop) {
  const std::stop_callback wake_up(stop, [this] { wake(); });
  const MutexLock lock(mutex_);
  if (!stop.stop_requested()) {
    woken_.wait_for(mutex_, kIdle);  // what was added just before costs a second at most
  }
}

bool Deliverer::deliver_next(DeliveryKind kind, const std::stop_token& stop) {
  keep_house();
  const std::optional<Delivery> delivery = take(kind);
  if (!delivery) {
    return false;
  }
  struct Release {
    Deliverer& deliverer;
    const Destination& destination;
    ~Release() { deliverer.release(destination); }
  };
  const Release release{*this, delivery->destination};
  deliver(*delivery, stop);
  return true;
}

// A clock that was set back makes no rest longer.
std::vector<Destination> Deliverer::left_out(WallTime now) {
  const MutexLock lock(mutex_);
  std::vector<Destination> without(under_way_.begin(), under_way_.end());
  for (const auto& [destination, rest] : resting_) {
    if (rest.until > now && rest.until - now <= 2 * kRestMost) {
      without.push_back(destination);
    }
  }
  return without;
}

std::optional<Delivery> Deliverer::take(DeliveryKind kind) {
  const WallTime now = parts_.clock.now();
  const MutexLock one_at_a_time(taking_);
  const std::vector<Destination> without = left_out(now);
  // All that goes to the operator goes to one place: there is nothing to look for.
  if (kind == DeliveryKind::kServer && std::find(without.begin(), without.end(), Destination{}) != without.end()) {
    return std::nullopt;
  }
  Result<std::optional<Delivery>> taken = parts_.queue.take(kind, now, without, kLease);
  note_queue(taken ? Result<void>{} : fail(taken.error()));
  if (!taken || !*taken) {
    return std::nullopt;
  }
  const MutexLock lock(mutex_);
  under_way_.insert((*taken)->destination);
  return std::move(*taken);
}

void Deliverer::release(const Destination& destination) {
  const MutexLock lock(mutex_);
  under_way_.erase(destination);
}

void Deliverer::deliver(const Delivery& delivery, const std::stop_token& stop) {
  const Result<WebhookCall> call = call_of(delivery);
  if (!call) {
    return give_up(delivery, call.error().detail, stop);
  }
  if (parts_.clock.now() - delivery.created_at > kDeliveryLife) {
    return give_up(delivery, "it is too late", stop);
  }
  const WebhookAnswer answer = parts_.call(*call, stop);
  if (answer.status == 0 && stop.stop_requested()) {
    return;  // broken off by us
  }
  note_rest(delivery.destination, answer.status != 0);
  note_answer(delivery, answer, stop);
}

Result<WebhookCall> Deliverer::call_of(const Delivery& delivery) const {
  const bool to_server = delivery.kind == DeliveryKind::kServer;
  check(!to_server || parts_.server != nullptr, "only who has a server's URL takes what goes there");
  const SymmetricKey own_key = webhook_signing_key(parts_.keyring, delivery.fingerprint);
  Result<SecretBytes> opened = to_server ? Result<SecretBytes>(SecretBytes::copy_of(parts_.server->url.expose()))
                                         : open_webhook(parts_.keyring, delivery.fingerprint, delivery.webhook);
  const Result<WebhookUrl> url = opened ? parse_webhook_url(as_text(opened->expose())) : fail(opened.error());
  if (!url) {
    return fail(Errc::kCorrupt, "its URL cannot be read");
  }
  const std::int64_t at = std::chrono::floor<std::chrono::seconds>(parts_.clock.now().time_since_epoch()).count();
  const ByteView key = to_server ? parts_.server->key.expose() : own_key.expose();
  WebhookCall call;
  call.kind = delivery.kind;
  call.tls = url->tls;
  call.host = url->host;
  call.port = url->port;
  call.target = (url->target.starts_with('/') ? "" : "/") + std::string(url->target);
  call.body = delivery.body;
  call.fields = {{"webhook-id", format_uuid(delivery.event.bytes)},
                 {"webhook-timestamp", std::to_string(at)},
                 {"webhook-signature", sign_webhook(key, delivery.event, at, delivery.body)}};
  return call;
}

void Deliverer::note_answer(const Delivery& delivery, const WebhookAnswer& answer, const std::stop_token& stop) {
  WebhookMetrics::OfKind& metrics = parts_.metrics.of(delivery.kind);
  if (is_success(answer.status)) {
    metrics.delivered.add();
    return settle(delivery, stop);
  }
  metrics.failures.add();
  const std::optional<WallTime> next = answer.status == kGone
                                           ? std::nullopt
                                           : next_attempt(delivery.created_at, parts_.clock.now(),
                                                          delivery.attempts + 1, answer.retry_after, parts_.random);
  if (!next) {
    return give_up(delivery, reason_of(answer), stop);
  }
  if (delivery.attempts == 0 && parts_.on_first_failure) {
    parts_.on_first_failure(delivery, reason_of(answer));
  }
  tell_queue([&] { return parts_.queue.postpone(delivery, *next); }, stop);
}

void Deliverer::give_up(const Delivery& delivery, std::string_view reason, const std::stop_token& stop) {
  parts_.metrics.of(delivery.kind).given_up.add();
  if (parts_.on_given_up) {
    parts_.on_given_up(delivery, reason);
  }
  settle(delivery, stop);
}

void Deliverer::settle(const Delivery& delivery, const std::stop_token& stop) {
  tell_queue([&] { return parts_.queue.settle(delivery, parts_.clock.now()); }, stop);
  parts_.metrics.of(delivery.kind).one_is_over();
}

void Deliverer::tell_queue(const std::function<Result<void>()>& change, const std::stop_token& stop) {
  for (;;) {
    const Result<void> done = change();
    note_queue(done);
    if (done || stop.stop_requested()) {
      return;
    }
    wait(stop);
  }
}

void Deliverer::note_rest(const Destination& destination, bool answered) {
  const WallTime now = parts_.clock.now();
  const MutexLock lock(mutex_);
  if (answered) {
    resting_.erase(destination);
    return;
  }
  std::erase_if(resting_, [now](const auto& entry) { return entry.second.until + kRestRemembered < now; });
  const bool operators = destination == Destination{};  // who gets his rest however many strangers' there are
  if (operators || resting_.size() < kRestingMax || resting_.contains(destination)) {
    Rest& rest = resting_[destination];
    rest.until = now + rest_after(++rest.failures, parts_.random);
  }
}

void Deliverer::keep_house() {
  const WallTime now = parts_.clock.now();
  bool count = false;
  bool prune = false;
  {
    const MutexLock lock(mutex_);
    // Also when the clock was set back.
    count = now >= count_at_ || count_at_ - now > kCountEvery;
    prune = (now >= prune_at_ || prune_at_ - now > kPruneEvery) &&
            prune_at_ != WallTime{};  // at the start the outbox may still show what was settled
    count_at_ = count ? now + kCountEvery : count_at_;
    prune_at_ = prune || prune_at_ == WallTime{} ? now + kPruneEvery : prune_at_;
  }
  if (prune) {
    const Result<DeliveryQueue::Forgotten> forgotten = parts_.queue.prune(now);
    note_queue(forgotten ? Result<void>{} : fail(forgotten.error()));
    for (std::size_t i = 0; forgotten && i < kDeliveryKinds.size(); ++i) {
      parts_.metrics.of(kDeliveryKinds[i]).given_up.add((*forgotten)[i]);
    }
  }
  for (const DeliveryKind kind : kDeliveryKinds) {
    const Result<DeliveryQueue::Pending> pending =
        count ? parts_.queue.pending(kind) : fail(Errc::kInternal, "not asked");
    if (pending) {
      parts_.metrics.of(kind).pending.store(pending->count);
      parts_.metrics.of(kind).oldest.store(pending->oldest ? pending->oldest->time_since_epoch().count() : 0);
    }
  }
}

void Deliverer::note_queue(const Result<void>& outcome) {
  bool begins = false;
  {
    const MutexLock lock(mutex_);
    begins = !outcome && !queue_failing_;
    queue_failing_ = !outcome;
  }
  if (begins && parts_.on_queue_failure) {
    parts_.on_queue_failure(outcome.error());
  }
}

}  // namespace disposable
