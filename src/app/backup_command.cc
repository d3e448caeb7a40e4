#include "app/backup_command.h"

#include "app/backup_manifest.h"
#include "app/folder_claim.h"
#include "app/terminal.h"
#include "audit/sqlite/audit_copy.h"
#include "base/log.h"
#include "core/lifecycle.h"
#include "store/rocksdb/store_copy.h"

namespace disposable {

namespace {

bool lies_within(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code error;
  const std::string inner = (std::filesystem::weakly_canonical(path, error) / "").string();
  return !error && inner.starts_with((std::filesystem::weakly_canonical(folder, error) / "").string());
}

// Makes the folder, claims it and sees that nothing is in it.
Result<FileDescriptor> claim_empty_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(Errc::kInvalidArgument, "cannot make the folder " + folder.string() + ": " + error.message());
  }
  Result<FileDescriptor> claim = claim_folder(folder);
  if (!claim) {
    return claim;
  }
  const bool empty = std::filesystem::is_empty(folder, error);
  if (error || !empty) {
    return fail(Errc::kAlreadyExists, "the folder " + folder.string() + " is not empty");
  }
  return claim;
}

Result<StoreCopy::Rewritten> without_keys(ByteView bytes, WallTime now) {
  const Result<Record> record = decode_record(bytes);
  if (!record) {
    return fail(record.error());
  }
  const Record stripped = without_keys(*record);
  return StoreCopy::Rewritten{{encode_record(stripped), due_at(stripped, now)}, {}};
}

Result<BackupManifest> copy_into(const BackupLayout& backup, const Paths& paths, WallTime now) {
  ProgressLine progress;
  progress.show("reading the store");
  StoreCopy copy;
  copy.kind = StoreCopy::Kind::kBackup;
  copy.from = paths.store();
  copy.to = backup.store();
  copy.rewrite = [now](ByteView record) { return without_keys(record, now); };
  copy.progress = [&progress](std::uint64_t secrets) { progress.show(std::to_string(secrets) + " secrets"); };
  std::error_code error;
  std::filesystem::create_directory(copy.to, error);
  const Result<std::uint64_t> secrets = copy_store(copy);
  if (!secrets) {
    return fail(secrets.error());
  }
  const Result<std::int64_t> rows = copy_audit_log(paths.audit_log(), backup.audit_log(), [&](double share) {
    constexpr int kPercent = 100;
    progress.show("audit log " + std::to_string(static_cast<int>(share * kPercent)) + " %");
  });
  if (!rows) {
    return fail(rows.error());
  }
  return BackupManifest{format_utc(now), *secrets, *rows};
}

}  // namespace

int back_up(const BackupOptions& options, Clock& clock) {
  const BackupLayout backup{options.folder};
  if (lies_within(backup.folder, options.paths.data_dir)) {
    return print_error(kExitFailure, "the folder " + backup.folder.string() + " is in the data folder",
                       "a backup belongs where it survives the loss of that");
  }
  std::error_code ignored;
  const bool existed = std::filesystem::exists(backup.folder, ignored);
  const Result<FileDescriptor> claim = claim_empty_folder(backup.folder);
  if (!claim) {
    const bool taken = claim.error().code == Errc::kAlreadyExists;
    return print_error(kExitFailure, claim.error().detail,
                       taken ? "a backup is written to a new or empty folder; one without a manifest did not end" : "");
  }
  const Result<BackupManifest> manifest = copy_into(backup, options.paths, clock.now());
  const Result<void> written = manifest ? write_manifest(backup.manifest(), *manifest) : fail(manifest.error());
  if (!written) {
    for (const std::filesystem::path& part : {backup.store(), backup.audit_log(), backup.manifest()}) {
      std::filesystem::remove_all(part, ignored);
    }
    if (!existed) {
      std::filesystem::remove(backup.folder, ignored);
    }
    return print_error(kExitFailure, written.error().detail,
                       written.error().code == Errc::kNotFound
                           ? "name the service's data folder with --data-dir; what is in Redis or PostgreSQL is backed "
                             "up with their own tools"
                           : "");
  }
  const std::string secrets = std::to_string(manifest->secrets);
  const std::string rows = std::to_string(manifest->audit_rows);
  print(options.json
            ? "{\"folder\":\"" + json_escape(backup.folder.string()) + "\",\"created\":\"" + manifest->created +
                  "\",\"secrets\":" + secrets + ",\"audit_rows\":" + rows + "}\n"
            : "backed up " + secrets + " secrets, without keys and payloads, and " + rows + " rows of the audit log\n");
  return kExitSuccess;
}

}  // namespace disposable
