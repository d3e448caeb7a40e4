// Both sides of the projector as fakes with switches, and a scene that writes down what it tells.

#pragma once

#include <deque>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "audit/projector.h"

namespace disposable {

// Thread-safe. An outbox in memory that can refuse acknowledgements.
class FakeOutbox final : public Outbox {
 public:
  void add(const std::vector<Event>& events) {
    const MutexLock lock(mutex_);
    for (const Event& event : events) {
      entries_.push_back({.position = ++last_position_, .event = event});
    }
    added_.notify_all();
  }

  Result<std::vector<OutboxEntry>> pending(std::uint64_t after_position, std::size_t limit) override {
    const MutexLock lock(mutex_);
    if (pending_fails_ > 0) {
      --pending_fails_;
      return fail(Errc::kUnavailable, "pending fails");
    }
    std::vector<OutboxEntry> found;
    for (const OutboxEntry& entry : entries_) {
      if (entry.position > after_position && found.size() < limit) {
        found.push_back(entry);
      }
    }
    return found;
  }

  Result<void> acknowledge(const OutboxEntry& last) override {
    const MutexLock lock(mutex_);
    if (acknowledge_fails_ > 0) {
      --acknowledge_fails_;
      return fail(Errc::kUnavailable, "acknowledge fails");
    }
    if (std::exchange(acknowledgement_lost_, false)) {
      return {};
    }
    while (!entries_.empty() && entries_.front().position <= last.position) {
      entries_.pop_front();
    }
    last_acknowledged_ = last.event.id;
    return {};
  }

  Result<std::optional<EventId>> last_acknowledged() override {
    const MutexLock lock(mutex_);
    if (pending_fails_ > 0) {
      return fail(Errc::kUnavailable, "last_acknowledged fails");
    }
    return last_acknowledged_;
  }

  void wait_pending(std::chrono::milliseconds timeout) override {
    const MutexLock lock(mutex_);
    if (entries_.empty()) {
      added_.wait_for(mutex_, timeout);
    }
  }

  std::size_t size() {
    const MutexLock lock(mutex_);
    return entries_.size();
  }
  // Another node carries what is there.
  void take_over() {
    const MutexLock lock(mutex_);
    entries_.clear();
  }
  // Accepts the next acknowledgement and loses it, as a store does whose disk is full when it is written.
  void lose_acknowledgement() {
    const MutexLock lock(mutex_);
    acknowledgement_lost_ = true;
  }
  void fail_pending(int times) {
    const MutexLock lock(mutex_);
    pending_fails_ = times;
  }
  void fail_acknowledge(int times) {
    const MutexLock lock(mutex_);
    acknowledge_fails_ = times;
  }

 private:
  Mutex mutex_;
  CondVar added_;
  std::deque<OutboxEntry> entries_ GUARDED_BY(mutex_);
  std::uint64_t last_position_ GUARDED_BY(mutex_) = 0;
  bool acknowledgement_lost_ GUARDED_BY(mutex_) = false;
  std::optional<EventId> last_acknowledged_ GUARDED_BY(mutex_);
  int pending_fails_ GUARDED_BY(mutex_) = 0;
  int acknowledge_fails_ GUARDED_BY(mutex_) = 0;
};

// Thread-safe. A log in memory: refuses, throws, or writes and then claims that it did not.
class FaultyAuditLog final : public AuditLog {
 public:
  enum class Fault { kRefuse, kThrow, kWriteAndFail };
  void fail(int times, Fault fault = Fault::kRefuse) {
    const MutexLock lock(mutex_);
    fails_ = times;
    fault_ = fault;
  }

  Result<void> append(std::span<const Event> events) override {
    const MutexLock lock(mutex_);
    const bool failing = fails_ > 0;
    fails_ -= failing ? 1 : 0;
    if (failing && fault_ == Fault::kThrow) {
      throw std::bad_alloc();
    }
    if (!failing || fault_ == Fault::kWriteAndFail) {
      batches_.push_back(events.size());
      for (const Event& event : events) {
        if (!has(event.id)) {
          rows_.push_back(event);
        }
      }
      grown_.notify_all();
    }
    if (failing) {
      return disposable::fail(Errc::kUnavailable, "append fails");
    }
    return {};
  }

  Result<bool> contains(const EventId& id) override {
    const MutexLock lock(mutex_);
    if (fails_ > 0) {
      return disposable::fail(Errc::kUnavailable, "contains fails");
    }
    return has(id);
  }

  std::vector<Event> rows() {
    const MutexLock lock(mutex_);
    return rows_;
  }
  std::vector<std::size_t> batches() {
    const MutexLock lock(mutex_);
    return batches_;
  }
  // False after ten seconds.
  bool wait_for_rows(std::size_t count) {
    const MutexLock lock(mutex_);
    for (int i = 0; i < 1000 && rows_.size() < count; ++i) {
      grown_.wait_for(mutex_, std::chrono::milliseconds(10));
    }
    return rows_.size() >= count;
  }

 private:
  bool has(const EventId& id) const REQUIRES(mutex_) {
    for (const Event& row : rows_) {
      if (row.id == id) {
        return true;
      }
    }
    return false;
  }

  Mutex mutex_;
  CondVar grown_;
  std::vector<Event> rows_ GUARDED_BY(mutex_);
  std::vector<std::size_t> batches_ GUARDED_BY(mutex_);
  int fails_ GUARDED_BY(mutex_) = 0;
  Fault fault_ GUARDED_BY(mutex_) = Fault::kRefuse;
};

// Everything a test looks at. The projector's thread writes, the test reads after drain().
struct ProjectorScene {
  FakeOutbox outbox;
  FaultyAuditLog log;
  std::vector<std::string> told;
  std::vector<std::chrono::milliseconds> pauses;

  Projector::Parts parts() {
    return {.outbox = outbox,
            .log = log,
            .on_failure = [this](const Error& error) { told.push_back(error.detail); },
            .on_recovery = [this] { told.push_back("recovered"); },
            .pause = [this](std::chrono::milliseconds delay, const std::stop_token&) { pauses.push_back(delay); }};
  }
};

}  // namespace disposable
