#include "core/passphrase_lane.h"

#include <algorithm>

namespace disposable {

namespace {

ClientPrefix client_of(std::string_view address) {
  const std::optional<IpAddress> ip = IpAddress::parse(address);
  ClientPrefix client = ip ? ip->client_prefix() : ClientPrefix{};
  if (!client.is_v4) {
    constexpr std::uint64_t kOfA48 = ~std::uint64_t{0xFFFF};
    client.bits &= kOfA48;
  }
  return client;
}

}  // namespace

PassphraseLane::Slot::~Slot() {
  if (lane_ != nullptr) {
    lane_->leave(client_, std::chrono::steady_clock::now() - begin_);
  }
}

std::optional<PassphraseLane::Slot> PassphraseLane::enter(std::string_view address) {
  const ClientPrefix client = client_of(address);
  const MutexLock lock(mutex_);
  if (running_ < limits_.slots) {
    ++running_;
    ++inside_[client];
    return std::optional<Slot>(std::in_place, *this, client);
  }
  if (!make_room(client)) {
    refused_.add();
    return std::nullopt;
  }
  Place place{client, round_ + static_cast<std::uint64_t>(inside_[client]++)};
  waiting_.push_back(&place);
  while (place.turn == Turn::kWaits) {
    changed_.wait(mutex_);
  }
  return place.turn == Turn::kHasCome ? std::optional<Slot>(std::in_place, *this, client) : std::nullopt;
}

std::ptrdiff_t PassphraseLane::waiting_of(const ClientPrefix& client) const {
  return std::count_if(waiting_.begin(), waiting_.end(),
                       [&client](const Place* place) { return place->client == client; });
}

bool PassphraseLane::make_room(const ClientPrefix& client) {
  if (waiting_.size() < static_cast<std::size_t>(limits_.waiting_max)) {
    return true;
  }
  std::ptrdiff_t most = waiting_of(client) + 1;  // who has no more than the newcomer would have keeps it
  auto last = waiting_.end();
  for (auto place = waiting_.begin(); place != waiting_.end(); ++place) {
    const std::ptrdiff_t count = waiting_of((*place)->client);
    if (count > most || (last != waiting_.end() && (*place)->client == (*last)->client)) {
      most = count;
      last = place;
    }
  }
  if (last == waiting_.end()) {
    return false;
  }
  one_less((*last)->client);
  refused_.add();
  end_waiting(last, Turn::kIsTaken);
  return true;
}

void PassphraseLane::end_waiting(std::vector<Place*>::iterator place, Turn turn) {
  (*place)->turn = turn;
  waiting_.erase(place);
  changed_.notify_all();
}

void PassphraseLane::one_less(const ClientPrefix& client) {
  const auto found = inside_.find(client);
  if (--found->second == 0) {
    inside_.erase(found);
  }
}

void PassphraseLane::leave(const ClientPrefix& client, std::chrono::nanoseconds held) {
  seconds_.observe(held);
  const MutexLock lock(mutex_);
  one_less(client);
  const auto next = std::min_element(waiting_.begin(), waiting_.end(),
                                     [](const Place* a, const Place* b) { return a->round < b->round; });
  if (next == waiting_.end()) {
    --running_;
    return;
  }
  round_ = (*next)->round;
  end_waiting(next, Turn::kHasCome);
}

void PassphraseLane::write_metrics(MetricsText& text) const {
  std::int64_t running = 0;
  std::int64_t waiting = 0;
  {
    const MutexLock lock(mutex_);
    running = running_;
    waiting = static_cast<std::int64_t>(waiting_.size());
  }
  text.gauge("passphrase_running", "Passphrase computations that run.", running);
  text.gauge("passphrase_waiting", "Requests that wait for a passphrase computation.", waiting);
  text.counter("passphrase_refused_total", "Requests refused because too many wait for one.", refused_);
  text.histogram("passphrase_seconds", "Time that a passphrase computation took.", seconds_);
}

}  // namespace disposable
