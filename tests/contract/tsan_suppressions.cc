// What ThreadSanitizer cannot judge: Debian's librocksdb is not instrumented, so the atomics and mutexes it
// synchronises with are partly invisible, and its memtable and background work look like races. Our own code is
// checked.

// NOLINTBEGIN(bugprone-reserved-identifier): the names are the runtime's

extern "C" const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }

// RocksDB's inline functions that were compiled into this binary.
extern "C" const char* __tsan_default_suppressions() { return "race:^rocksdb::\n"; }

// NOLINTEND(bugprone-reserved-identifier)
