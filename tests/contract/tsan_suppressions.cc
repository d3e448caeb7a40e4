// What ThreadSanitizer cannot judge: Debian's librocksdb is not instrumented, so the atomics and mutexes inside it that
// it synchronises with are partly invisible, and its memtable and background work look like races. Our own code is
// checked.

extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier): the runtime's name
  return "called_from_lib:librocksdb.so\n"
         "race:^rocksdb::\n";
}
