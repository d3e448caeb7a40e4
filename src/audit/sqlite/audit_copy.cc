#include "audit/sqlite/audit_copy.h"

#include <fcntl.h>

#include <cerrno>
#include <system_error>

#include "audit/sqlite/audit_schema.h"
#include "base/file_descriptor.h"

namespace disposable {

Result<std::int64_t> copy_audit_log(const std::filesystem::path& from, const std::filesystem::path& to,
                                    const std::function<void(double share)>& progress) {
  Result<SqliteConnection> source = open_audit_log_for_reading(from);
  if (!source) {
    return fail(source.error());
  }
  constexpr mode_t kOwnerOnly = 0600;
  if (!FileDescriptor(::open(to.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly))) {
    return fail(Errc::kUnavailable, to.string() + ": " + std::generic_category().message(errno));
  }
  const Result<void> begun = source->execute("BEGIN");
  const Result<std::int64_t> rows =
      begun ? source->query_integer("SELECT count FROM secret_logs_head") : fail(begun.error());
  if (!rows) {
    return fail(about_file(from, rows.error()));
  }
  const Result<void> copied = source->copy_to(to, progress);
  return copied ? rows : fail(about_file(to, copied.error()));
}

}  // namespace disposable
