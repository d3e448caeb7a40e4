// EventLoop: one thread that owns connections, from accept() to their end, by edge-triggered epoll.
//
// It reads, validates, limits and writes; what touches the vault goes to a worker, and what comes back leaves when its
// ticket is durable. So the number of threads does not depend on the number of connections, and neither a slow peer
// nor the disk holds one. Nothing here waits but epoll_wait().
//
// run() and the hosts' functions belong to the loop's thread; wake(), stop() and abort() to any.

#pragma once

#include <deque>
#include <vector>

#include "http/acceptor.h"
#include "http/charge.h"
#include "http/connection.h"
#include "http/front.h"
#include "http/http_date.h"
#include "http/worker_pool.h"

namespace disposable {

class EventLoop final : private ConnectionHost, private AcceptHost {
 public:
  // Borrows both, which must outlive it. kUnavailable when the system refuses a descriptor.
  static Result<std::unique_ptr<EventLoop>> open(Front& front, WorkerPool& pool);
  ~EventLoop() override;

  // Accepts connections from the listeners, which must outlive the loop. Once, before run().
  Result<void> listen(std::span<const ListeningSocket> listeners) { return acceptor_.listen(listeners); }

  // Until everything is over after stop().
  void run();

  // Something became durable or was changed. Cheap when the loop is awake.
  void wake() { poller_->wake(); }
  // Accepts nothing more; every connection ends with the request that is under way or arrives within a moment.
  void stop() { order(Order::kStop); }
  // Closes what is left, except for what a worker has in hand.
  void abort() { order(Order::kAbort); }

  // When the loop came around last; it does at least once a second.
  SteadyTime last_turn() const { return last_turn_.load(std::memory_order_relaxed); }

 private:
  class Client;
  enum class Order : std::uint8_t { kServe, kStop, kAbort };
  struct Answer {
    Client* client = nullptr;
    Response response{};
    Charge charge{};  // for its body, until the connection charges it
  };

  EventLoop(Front& front, WorkerPool& pool, std::unique_ptr<Poller> poller);

  SteadyTime now() const override { return now_; }
  std::string_view date() override { return date_.at(now_); }
  const Limits& limits() const override { return settings_->limits; }
  std::span<std::uint8_t> scratch() override { return scratch_.expose_mutable(); }
  std::optional<Response> admit(Connection& connection) override;
  void dispatch(Connection& connection) override;
  void answered(const Connection& connection, const Exchange& exchange) override;
  void abandoned(const Exchange& exchange) override;
  void state_changed(Connection& connection, ConnectionState before) override;
  void handshake_began(Connection& connection) override;
  void stalled(Connection& connection) override;
  void set_deadline(Connection& connection, SteadyTime deadline) override;
  void postpone(Connection& connection) override;
  void await_memory(Connection& connection) override;
  void charge(std::uint64_t bytes) override { front_.buffered.fetch_add(bytes, std::memory_order_relaxed); }
  void discharge(std::uint64_t bytes) override { front_.buffered.fetch_sub(bytes, std::memory_order_relaxed); }
  bool crowded() const override { return front_.crowded(); }
  void accepted(FileDescriptor socket, const ListeningSocket& listener, const Peer& peer) override;
  bool make_room() override;

  void turn();
  bool has_work();
  void order(Order order);
  void obey(Order order);
  void relieve();
  Client* dispensable();
  Client* slowest_reading();
  Client* slowest_taking();
  void bury(Client& client);

  // Limits and metrics
  std::optional<Response> ask_creators(Exchange& exchange);
  Admission::Verdict ask_admission(Exchange& exchange);
  Admission::Verdict admit_create(Exchange& creation);
  TokenLimits::Size size_of(const Exchange& creation) const;
  void refund_create(const Exchange& exchange);
  void note_outcome(const Exchange& exchange);
  void log_failure(const Response& response);

  // Requests on their way to a worker and back
  Response handle(const Exchange& exchange);
  Response short_of_memory(const Exchange& exchange);  // any thread
  void work(Client& client);                           // on a worker
  void take_back();
  void release_durable();
  void settle(Answer answer, const Result<void>& durable);
  void run_postponed();

  Front& front_;
  WorkerPool& pool_;
  const std::unique_ptr<Poller> poller_;
  Acceptor acceptor_;
  std::shared_ptr<const FrontSettings> settings_;
  std::uint64_t generation_ = 0;
  SteadyTime now_;
  HttpDate date_;
  TimerWheel timers_;
  SecretBytes scratch_;
  std::atomic<SteadyTime> last_turn_;
  std::atomic<Order> ordered_{Order::kServe};
  Order obeyed_ = Order::kServe;
  SteadyTime failures_since_{};
  int failures_logged_ = 0;  // since then

  struct Lists;  // of the clients
  std::unique_ptr<Lists> clients_;
  std::vector<Client*> postponed_;
  bool yielded_ = false;                // one of them waits for its turn and not for memory
  std::vector<WorkerPool::Job*> jobs_;  // complete requests of this turn
  std::deque<Answer> held_;             // decided, in the order of their tickets but for a few
  std::vector<std::unique_ptr<Client>> buried_;

  Mutex mutex_;
  std::vector<Answer> done_ GUARDED_BY(mutex_);  // by workers
};

}  // namespace disposable
