#include "audit/sqlite/sqlite_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace disposable {

Result<void> create_private_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) {
      return {};
    }
    return fail(Errc::kUnavailable, "cannot be created: " + std::generic_category().message(errno));
  }
  ::close(descriptor);
  return {};
}

Result<void> enter_wal_mode(SqliteConnection& connection) {
  const Result<std::string> mode = connection.query_text("PRAGMA journal_mode = WAL");
  if (!mode) {
    return fail(mode.error());
  }
  if (*mode != "wal") {
    return fail(Errc::kUnavailable, "this file system cannot hold a write-ahead log");
  }
  return {};
}

// Checkpoints stay at SQLite's 1,000 pages: on a disk that is nearly full, a long write-ahead log is space that only a
// checkpoint gives back. The size limit gives back what it grew to while a long reader held an old snapshot.
Result<void> configure_for_writing(SqliteConnection& connection) {
  return connection.execute(
      "PRAGMA synchronous = FULL;"
      "PRAGMA temp_store = MEMORY;"  // the sandbox has no folder for temporary files
      "PRAGMA journal_size_limit = 67108864;");
}

Error about_file(const std::filesystem::path& path, Error error) {
  error.detail = path.string() + ": " + error.detail;
  return error;
}

}  // namespace disposable
