#include "store/redis/redis_pool.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr std::chrono::milliseconds kDelayMin{50};
constexpr std::chrono::milliseconds kDelayMax{2000};
// From node to node of a Cluster that is being rearranged.
constexpr int kMovesMax = 3;

Deadline now() { return std::chrono::steady_clock::now(); }

}  // namespace

Result<std::unique_ptr<RedisPool>> RedisPool::make(Options options) {
  std::shared_ptr<const RedisTls> tls;
  if (options.expected.url.tls) {
    Result<std::shared_ptr<const RedisTls>> loaded = RedisTls::load(options.expected.url);
    if (!loaded) {
      return fail(loaded.error());
    }
    tls = std::move(*loaded);
  }
  return std::unique_ptr<RedisPool>(new RedisPool(std::move(options), std::move(tls)));
}

RedisPool::Lease::~Lease() {
  if (held_ != nullptr) {
    pool_->give_back(std::move(held_));
  }
}

void RedisPool::Lease::failed(const Error& error) {
  const MutexLock lock(pool_->mutex_);
  if (held_->generation == pool_->generation_) {
    pool_->note_broken(error);
    pool_->moved_.reset();
  }
  pool_->forget_server(held_->generation);
}

void RedisPool::Lease::moved(const RedisPlace& place) {
  const MutexLock lock(pool_->mutex_);
  if (held_->generation == pool_->generation_) {
    pool_->moved_ = place;
  }
  pool_->forget_server(held_->generation);
}

void RedisPool::note_failure(const Error& error) {
  delay_ = std::clamp(delay_ * 2, kDelayMin, kDelayMax);
  retry_at_ = now() + delay_;
  failure_ = error;
}

// After a success the next caller tries at once: it may be this connection alone that broke.
void RedisPool::note_broken(const Error& error) {
  if (delay_.count() > 0) {
    note_failure(error);
    return;
  }
  retry_at_ = now();
  failure_ = error;
}

// What others already gave up is not given up again: there may be a new server by now.
void RedisPool::forget_server(std::uint64_t generation) {
  if (generation == generation_) {
    ++generation_;
    open_ -= idle_.size();
    idle_.clear();
    freed_.notify_all();
  }
}

Result<std::unique_ptr<RedisPool::Held>> RedisPool::take(Patience patience) {
  const RedisUrl& url = options_.expected.url;
  const Deadline begin = now();
  const Deadline deadline = begin + url.timeout;
  const MutexLock lock(mutex_);
  for (;;) {
    const Deadline at = now();
    if (!idle_.empty()) {
      std::unique_ptr<Held> held = std::move(idle_.back());
      idle_.pop_back();
      if (!held->connection->stale()) {
        return held;
      }
      --open_;
      continue;
    }
    if (failure_ && patience == Patience::kFailFast && at < retry_at_) {
      const auto patient = std::chrono::ceil<std::chrono::milliseconds>(begin + kDelayMin - at);
      if (delay_.count() > 0 || patient.count() <= 0) {
        return fail(*failure_);
      }
      freed_.wait_for(mutex_, patient);  // somebody tries for the first time: that is quick when the server is well
      continue;
    }
    if (open_ < options_.connections) {
      ++open_;
      if (failure_) {
        retry_at_ = at + url.connect_timeout + url.timeout;  // this caller tries for all
      }
      return std::unique_ptr<Held>{};
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - at);
    if (left.count() <= 0) {
      return fail(Errc::kUnavailable, "all connections to Redis are in use");
    }
    freed_.wait_for(mutex_, left);
  }
}

Result<RedisPool::Lease> RedisPool::acquire(Patience patience) {
  Result<std::unique_ptr<Held>> held = take(patience);
  if (held && *held == nullptr) {
    held = connect();
    const MutexLock lock(mutex_);
    if (held) {
      failure_.reset();
    } else {
      --open_;
      note_failure(held.error());
    }
    freed_.notify_all();
  }
  if (!held) {
    return fail(held.error());
  }
  return Lease(*this, std::move(*held));
}

Result<std::unique_ptr<RedisPool::Held>> RedisPool::connect() {
  std::optional<RedisPlace> known;
  {
    const MutexLock lock(mutex_);
    known = moved_;
  }
  const Result<RedisPlace> place = known ? Result<RedisPlace>(*known) : find_redis(options_.expected.url, tls_.get());
  Result<std::unique_ptr<Held>> made = place ? connect_to(*place) : fail(place.error());
  if (!made) {
    const MutexLock lock(mutex_);
    moved_.reset();
  }
  return made;
}

Result<std::unique_ptr<RedisPool::Held>> RedisPool::connect_to(RedisPlace place) {
  const RedisUrl& url = options_.expected.url;
  auto held = std::make_unique<Held>();
  bool must_exist = false;
  {
    const MutexLock lock(mutex_);
    held->generation = generation_;
    must_exist = must_exist_;
  }
  for (int moves = 0; moves <= kMovesMax; ++moves) {
    Result<std::unique_ptr<RedisConnection>> connection =
        RedisConnection::open(place, tls_.get(), now() + url.connect_timeout);
    if (!connection) {
      return fail(connection.error());
    }
    opened_.add();
    Result<RedisServer> server = check_redis(**connection, place, options_.expected, must_exist);
    if (!server) {
      return fail(server.error());
    }
    if (!server->moved) {
      warn(server->warnings);
      held->connection = std::move(*connection);
      held->place = place;
      held->server = std::move(*server);
      return held;
    }
    place = *server->moved;
    const MutexLock lock(mutex_);
    moved_ = place;
  }
  return fail(Errc::kUnavailable, "the Redis Cluster sends us from node to node");
}

void RedisPool::give_back(std::unique_ptr<Held> held) {
  const MutexLock lock(mutex_);
  if (held->generation == generation_) {
    failure_.reset();
    delay_ = {};
    idle_.push_back(std::move(held));
  } else {
    --open_;
  }
  freed_.notify_one();
}

void RedisPool::warn(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    bool known = false;
    {
      const MutexLock lock(mutex_);
      known = std::find(warned_.begin(), warned_.end(), warning) != warned_.end();
      if (!known) {
        warned_.push_back(warning);
      }
    }
    if (!known && options_.on_warning) {
      options_.on_warning(warning);
    }
  }
}

Result<void> RedisPool::check(Lease& lease) {
  bool must_exist = false;
  {
    const MutexLock lock(mutex_);
    must_exist = must_exist_;
  }
  Result<RedisServer> server = check_redis(lease.connection(), lease.place(), options_.expected, must_exist);
  if (!server) {
    return fail(server.error());
  }
  if (server->moved) {
    return fail(Errc::kUnavailable, "Redis moves the keys");
  }
  lease.held_->server = std::move(*server);
  return {};
}

void RedisPool::must_exist() {
  const MutexLock lock(mutex_);
  must_exist_ = true;
}

Result<void> RedisPool::state() {
  const MutexLock lock(mutex_);
  return failure_ ? Result<void>(fail(*failure_)) : Result<void>{};
}

}  // namespace disposable
