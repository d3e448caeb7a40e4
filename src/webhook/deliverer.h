// Deliverer: makes the calls that are in the queue, and those that failed again, until they are taken or given up.
//
// One thread calls the operator's URL, so that it never waits behind those of strangers; a few call the creators', each
// URL one at a time. A URL that could not be called at all is left alone for up to a minute with all that goes there.

#pragma once

#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "core/delivery_queue.h"
#include "crypto/keyring.h"
#include "webhook/webhook_metrics.h"

namespace disposable {

struct WebhookField {
  std::string name;
  std::string value;
};

struct WebhookCall {
  DeliveryKind kind = DeliveryKind::kServer;
  bool tls = true;
  std::string host;
  std::uint16_t port = 0;
  std::string target;  // begins with /
  std::vector<WebhookField> fields;
  std::string body;
};

struct WebhookAnswer {
  int status = 0;        // 0: there was none
  std::string reason{};  // why; for the log, with nothing of the call in it
  std::chrono::seconds retry_after{0};
};

// Makes the call within kCallMost, or breaks it off soon after `stop` is requested. Thread-safe.
using CallWebhook = std::function<WebhookAnswer(const WebhookCall& call, const std::stop_token& stop)>;
inline constexpr std::chrono::seconds kCallMost{15};

// Who is told of every secret.
struct ServerWebhook {
  SecretBytes url;  // parse_webhook_url() reads it
  SecretBytes key;
};

// Thread-safe. Borrows everything, which must outlive it.
class Deliverer {
 public:
  struct Parts {
    DeliveryQueue& queue;
    const Keyring& keyring;
    Clock& clock;
    Random& random;
    WebhookMetrics& metrics;
    CallWebhook call;
    const ServerWebhook* server = nullptr;  // null: none
    // Called by the delivering threads. `reason` has nothing in it that a client chose.
    std::function<void(const Delivery&, std::string_view reason)> on_first_failure{};
    std::function<void(const Delivery&, std::string_view reason)> on_given_up{};
    std::function<void(const Error&)> on_queue_failure{};  // the first of a row of failures
  };

  explicit Deliverer(Parts parts) : parts_(std::move(parts)) {}
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  // Breaks off what is under way; it stays in the queue.
  ~Deliverer();

  // Starts the threads. At most once.
  void start();
  // Something was added to the queue.
  void wake() EXCLUDES(mutex_);

  // What a thread does in a turn: one call, if one is due. False: none was, or the queue failed.
  bool deliver_next(DeliveryKind kind, const std::stop_token& stop);

 private:
  struct Rest {
    WallTime until;
    int failures = 0;
  };

  void run(DeliveryKind kind, const std::stop_token& stop);
  void wait(const std::stop_token& stop) EXCLUDES(mutex_);
  std::vector<Destination> left_out(WallTime now) EXCLUDES(mutex_);
  std::optional<Delivery> take(DeliveryKind kind) EXCLUDES(taking_, mutex_);
  void release(const Destination& destination) EXCLUDES(mutex_);
  void deliver(const Delivery& delivery, const std::stop_token& stop);
  Result<WebhookCall> call_of(const Delivery& delivery) const;
  void note_answer(const Delivery& delivery, const WebhookAnswer& answer, const std::stop_token& stop);
  void give_up(const Delivery& delivery, std::string_view reason, const std::stop_token& stop);
  void settle(const Delivery& delivery, const std::stop_token& stop);
  // Until it has happened, or `stop` is requested: a call that was made must not be made again because of the queue.
  void tell_queue(const std::function<Result<void>()>& change, const std::stop_token& stop);
  void note_rest(const Destination& destination, bool answered) EXCLUDES(mutex_);
  void keep_house() EXCLUDES(mutex_);
  void note_queue(const Result<void>& outcome) EXCLUDES(mutex_);

  const Parts parts_;
  // Held while the queue is asked, so that no two threads take what goes to one destination.
  Mutex taking_;
  Mutex mutex_;
  CondVar woken_;
  std::set<Destination> under_way_ GUARDED_BY(mutex_);
  std::map<Destination, Rest> resting_ GUARDED_BY(mutex_);
  WallTime count_at_ GUARDED_BY(mutex_);
  WallTime prune_at_ GUARDED_BY(mutex_);
  bool queue_failing_ GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;  // last: they stop before anything they use goes
};

}  // namespace disposable
