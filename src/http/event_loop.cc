#include "http/event_loop.h"

#include <algorithm>

#include "http/event_loop_client.h"
#include "http/response.h"

namespace disposable {

namespace {

// A head with an ordinary body in one read; also what may be sent ahead of its turn.
constexpr std::size_t kScratchBytes = 16UL * 1024;
// Without this a client that sends while we close would not know whether its request was heard.
constexpr std::chrono::milliseconds kDrain{500};
constexpr int kIdleMilliseconds = 1000;
}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::open(Front& front, WorkerPool& pool) {
  Result<std::unique_ptr<Poller>> poller = Poller::open();
  if (!poller) {
    return fail(poller.error());
  }
  return std::unique_ptr<EventLoop>(new EventLoop(front, pool, std::move(*poller)));
}

EventLoop::EventLoop(Front& front, WorkerPool& pool, std::unique_ptr<Poller> poller)
    : front_(front),
      pool_(pool),
      poller_(std::move(poller)),
      acceptor_(*poller_, *this, front.log),
      settings_(front.settings()),
      generation_(front.generation()),
      now_(std::chrono::steady_clock::now()),
      date_(front.clock),
      timers_(now_),
      scratch_(kScratchBytes),
      last_turn_(now_),
      clients_(std::make_unique<Lists>()) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  while (obeyed_ == Order::kServe || !clients_->all.empty()) {
    turn();
  }
}

void EventLoop::turn() {
  poller_->prepare_to_wait();
  const int tick = static_cast<int>(TimerWheel::kTick.count());
  poller_->wait(has_work() ? 0 : (timers_.empty() && !acceptor_.paused() ? kIdleMilliseconds : tick));
  now_ = std::chrono::steady_clock::now();
  last_turn_.store(now_, std::memory_order_relaxed);
  if (front_.generation() != generation_) {
    generation_ = front_.generation();
    settings_ = front_.settings();
  }
  relieve();
  poller_->dispatch();
  take_back();
  release_durable();
  timers_.advance(now_, [](Timer& timer) { static_cast<Client*>(timer.owner)->expire(); });
  run_postponed();
  acceptor_.resume(now_);
  obey(ordered_.load());
  if (!jobs_.empty()) {
    pool_.enqueue(jobs_);
    jobs_.clear();
  }
  buried_.clear();
}

// What wake() may have announced, and what was left for the next turn.
bool EventLoop::has_work() {
  if (yielded_ || (!postponed_.empty() && !crowded()) || ordered_.load() != obeyed_ ||
      front_.generation() != generation_ || (!held_.empty() && held_.front().response.ticket.outcome())) {
    return true;
  }
  const MutexLock lock(mutex_);
  return !done_.empty();
}

void EventLoop::order(Order order) {
  ordered_.store(order);
  wake();
}

void EventLoop::obey(Order order) {
  if (order == obeyed_) {
    return;
  }
  if (obeyed_ == Order::kServe) {
    acceptor_.stop();
    if (front_.accepting.fetch_sub(1) == 1) {
      acceptor_.refuse();
    }
    for (Client* client = clients_->all.front(); client != nullptr; client = client->among_all.next) {
      client->drain(now_ + kDrain);
    }
  }
  obeyed_ = order;
  if (order == Order::kAbort) {
    held_.clear();
    for (WorkerPool::Job* const job : std::exchange(jobs_, {})) {
      static_cast<Client*>(job)->in_worker = false;  // it never got there, and nothing is spent for nobody
    }
    for (Client* client = clients_->all.front(); client != nullptr;) {
      Client* const next = client->among_all.next;
      client->cut_off = true;
      if (!client->in_worker) {
        client->close();
      }
      client = next;
    }
  }
}

Response EventLoop::handle(const Exchange& exchange) {
  try {
    return front_.api.handle(exchange.route, exchange.head.request);
  } catch (...) {  // its text may repeat the request
    Response response = error_response(500, exchange.form);
    response.log_detail = "an exception left a handler";
    return response;
  }
}

void EventLoop::dispatch(Connection& connection) {
  auto& client = static_cast<Client&>(connection);
  // Again, since a body may take its time, and its token be revoked meanwhile.
  if (auto refusal = ask_creators(client.exchange())) {
    client.respond(std::move(*refusal));
    return;
  }
  if (client.exchange().route.work() == Api::Work::kNone) {
    client.respond(handle(client.exchange()));
    return;
  }
  client.in_worker = true;
  jobs_.push_back(&client);
}

void EventLoop::work(Client& client) {
  // Again, since what came before it may have filled the memory meanwhile; a creation has brought its own.
  const Exchange& exchange = client.exchange();
  const Api::Work work = exchange.route.work();
  const bool spends = work == Api::Work::kRetrieve || work == Api::Work::kOpen;
  Response response = spends && crowded() ? short_of_memory(exchange) : handle(exchange);
  wipe_dead_stack();
  Charge charge(front_.buffered, response.body.size());
  {
    const MutexLock lock(mutex_);
    done_.push_back({&client, std::move(response), std::move(charge)});
  }
  wake();
}

void EventLoop::take_back() {
  std::vector<Answer> done;
  {
    const MutexLock lock(mutex_);
    done.swap(done_);
  }
  for (Answer& answer : done) {
    answer.client->in_worker = false;
    if (answer.client->cut_off) {
      answer.client->close();
    } else if (const auto durable = answer.response.ticket.outcome()) {
      settle(std::move(answer), *durable);
    } else {
      held_.push_back(std::move(answer));
    }
  }
}

void EventLoop::release_durable() {
  while (!held_.empty()) {
    const auto durable = held_.front().response.ticket.outcome();
    if (!durable) {
      return;
    }
    Answer answer = std::move(held_.front());
    held_.pop_front();
    settle(std::move(answer), *durable);
  }
}

void EventLoop::settle(Answer answer, const Result<void>& durable) {
  if (!durable) {
    answer.response = unavailable(durable.error().retry_after, answer.client->exchange().form);
    answer.response.log_detail = durable.error().detail;
  }
  answer.client->respond(std::move(answer.response));
  answer.client->advance();
}

void EventLoop::run_postponed() {
  yielded_ = false;
  for (Client* const client : std::exchange(postponed_, {})) {
    client->postponed = false;
    client->advance();
  }
}

void EventLoop::postpone(Connection& connection) {
  yielded_ = true;
  await_memory(connection);
}

void EventLoop::await_memory(Connection& connection) {
  auto& client = static_cast<Client&>(connection);
  if (!client.postponed) {
    client.postponed = true;
    postponed_.push_back(&client);
  }
}

void EventLoop::set_deadline(Connection& connection, SteadyTime deadline) {
  timers_.set(static_cast<Client&>(connection).timer, deadline);
}

void EventLoop::state_changed(Connection& connection, ConnectionState before) {
  auto& client = static_cast<Client&>(connection);
  front_.metrics.moved(before, client.state());
  clients_->spare.remove(client);
  clients_->reading.remove(client);
  clients_->stalled.remove(client);
  if (client.among_shaking.linked) {
    clients_->shaking.remove(client);
    front_.shaking.fetch_sub(1, std::memory_order_relaxed);
  }
  switch (client.state()) {
    case ConnectionState::kHandshake:
    case ConnectionState::kIdle:
    case ConnectionState::kLingering:
      clients_->spare.push_back(client);
      break;
    case ConnectionState::kReading:
      clients_->spare.push_back(client);
      clients_->reading.push_back(client);
      break;
    case ConnectionState::kWorking:
    case ConnectionState::kWriting:
      break;
    case ConnectionState::kClosed:
      bury(client);
      break;
  }
}

void EventLoop::handshake_began(Connection& connection) {
  clients_->shaking.push_back(static_cast<Client&>(connection));
  if (front_.shaking.fetch_add(1, std::memory_order_relaxed) >= limits().handshakes_max) {
    front_.metrics.evicted();
    clients_->shaking.front()->close();
  }
}

void EventLoop::bury(Client& client) {
  timers_.cancel(client.timer);
  clients_->all.remove(client);
  if (client.postponed) {
    std::erase(postponed_, &client);
  }
  front_.counts.leave(client.counted_as);
  buried_.emplace_back(&client);
}

}  // namespace disposable
