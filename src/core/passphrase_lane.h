// PassphraseLane: how many Argon2 computations run at once, and how many wait for their turn.
//
// A storm of passphrases can then neither exhaust memory nor take every worker: at most `slots` run, at most
// `waiting_max` wait, the rest is told to come back. Nor can one client keep the others out: each has his next turn
// before anybody has another one (start-time fair queueing: Goyal, Vin, Cheng, SIGCOMM 1996), and when all places are
// taken a newcomer gets the last one of whoever has most. Thread-safe.

#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/metrics.h"
#include "base/mutex.h"

namespace disposable {

class PassphraseLane {
 public:
  struct Limits {
    int slots = 2;         // 19 MiB each
    int waiting_max = 16;  // about 150 ms of queue on two cores
  };

  explicit PassphraseLane(Limits limits) : limits_(limits) {}

  // Holds a slot until it goes.
  class Slot {
   public:
    Slot(PassphraseLane& lane, const ClientPrefix& client) : lane_(&lane), client_(client) {}
    Slot(Slot&& other) noexcept : lane_(other.lane_), client_(other.client_), begin_(other.begin_) {
      other.lane_ = nullptr;
    }
    Slot& operator=(Slot&&) = delete;
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot();

   private:
    PassphraseLane* lane_;
    ClientPrefix client_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  };

  // Waits for a slot; nothing when too many wait already. A client is a v4 address, or a v6 /48, the smallest block
  // that is routed; all whose `address` is none are one client.
  std::optional<Slot> enter(std::string_view address);

  void write_metrics(MetricsText& text) const;

 private:
  // Of somebody who waits; on his own stack, and in the queue while it kWaits.
  enum class Turn : std::uint8_t { kWaits, kHasCome, kIsTaken };
  struct Place {
    ClientPrefix client;
    std::uint64_t round = 0;  // smaller ones first
    Turn turn = Turn::kWaits;
  };

  // Whether there is a place: one was free, or was taken from somebody.
  bool make_room(const ClientPrefix& client) REQUIRES(mutex_);
  std::ptrdiff_t waiting_of(const ClientPrefix& client) const REQUIRES(mutex_);
  void end_waiting(std::vector<Place*>::iterator place, Turn turn) REQUIRES(mutex_);
  void one_less(const ClientPrefix& client) REQUIRES(mutex_);
  void leave(const ClientPrefix& client, std::chrono::nanoseconds held) EXCLUDES(mutex_);

  const Limits limits_;
  Histogram seconds_{kSecondsBounds};  // that a slot was held
  Counter refused_;
  mutable Mutex mutex_;
  CondVar changed_;
  int running_ GUARDED_BY(mutex_) = 0;
  std::vector<Place*> waiting_ GUARDED_BY(mutex_);         // in the order of arrival
  std::map<ClientPrefix, int> inside_ GUARDED_BY(mutex_);  // that run and wait; nobody who has none
  std::uint64_t round_ GUARDED_BY(mutex_) = 0;             // of who came to run last
};

}  // namespace disposable
