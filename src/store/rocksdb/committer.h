// Committer: the one thread that writes. Takes everything that waits, writes it as one synced batch, and only then lets
// anybody know. So any number of requests share one fsync.
//
// A full disk: nobody knows what of the batch is on disk, so all of it and everything behind it fails, the database is
// closed and opened again until that succeeds, and what recovery finds is the truth. Any other failure is final: after
// a failed fsync the kernel may claim success for pages it has lost, so the process has to end.

#pragma once

#include <thread>

#include "store/rocksdb/commit_metrics.h"
#include "store/rocksdb/commit_progress.h"
#include "store/rocksdb/commit_queue.h"
#include "store/rocksdb/database.h"
#include "store/rocksdb/disk_space.h"

namespace disposable {

// What the committer tells the store; on its thread, without any lock held.
class CommitListener {
 public:
  CommitListener() = default;
  CommitListener(const CommitListener&) = delete;
  CommitListener& operator=(const CommitListener&) = delete;
  virtual ~CommitListener() = default;

  // On disk; their tickets are not settled yet.
  virtual void on_written(const std::vector<Operation>& operations) = 0;
  virtual void on_settled(const std::vector<Operation>& operations) = 0;
  // Nothing new is accepted; nothing that is not on disk may be shown any more. Its tickets fail after this.
  virtual void on_suspended() = 0;
  // Recovery has decided what is on disk.
  virtual void on_recovered() = 0;
  // The store can never go on. Called once, as the last thing.
  virtual void on_fatal(const std::string& reason) = 0;
};

// Borrows everything in Parts, which must outlive it.
class Committer {
 public:
  struct Parts {
    Database& database;
    CommitQueue& queue;
    CommitProgress& progress;
    DiskSpace& disk_space;
    CommitMetrics& metrics;
    CommitListener& listener;
  };

  explicit Committer(const Parts& parts);
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  // Writes what waits, then ends the thread.
  ~Committer();

 private:
  void run(const std::stop_token& stop);
  // False when the thread must end.
  bool commit(const std::vector<Operation>& operations, const std::stop_token& stop);
  Database::Written write(Database::Batch& batch, Database::Sync sync, std::size_t operations);
  void settle(const std::vector<Operation>& operations);
  // Fails what is not settled.
  void suspend(const std::string& reason);
  bool recover(const std::stop_token& stop);
  void halt(const std::string& reason);

  const Parts parts_;
  std::jthread thread_;
};

}  // namespace disposable
