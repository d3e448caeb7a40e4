#include <sys/stat.h>
#include <unistd.h>

#include "app/backup_command.h"
#include "app/backup_manifest.h"
#include "app/durable_file.h"
#include "app/key_file.h"
#include "app/terminal.h"
#include "audit/sqlite/audit_copy.h"
#include "audit/sqlite/audit_verifier.h"
#include "base/log.h"
#include "core/lifecycle.h"
#include "store/rocksdb/store_copy.h"

namespace disposable {

namespace {

// What is live in a backup may have been spent since: it counts as deleted, with an event that says so.
class Rewriter {
 public:
  Rewriter(WallTime now, Random& random) : now_(now), random_(random) {}

  Result<StoreCopy::Rewritten> operator()(ByteView bytes) {
    const Result<Record> record = decode_record(bytes);
    if (!record) {
      return fail(record.error());
    }
    Transition transition{without_keys(*record), {}};
    const Origin origin{{}, EventId::generate(now_, random_), {}};
    switch (standing(*record, now_)) {
      case Standing::kLive:
        ++lost_;
        transition = mark_lost(*record, now_, origin);
        break;
      case Standing::kOverdue:
        transition = mark_expired(*record, now_, origin);
        break;
      case Standing::kSpent:
      case Standing::kAbsent:
        break;
    }
    return StoreCopy::Rewritten{{encode_record(transition.next), due_at(transition.next, now_)},
                                std::move(transition.events)};
  }

  std::uint64_t lost() const { return lost_; }

 private:
  const WallTime now_;
  Random& random_;
  std::uint64_t lost_ = 0;
};

// The first thing in the data folder that a restore would have to mix with; empty when there is none.
Result<std::string> stranger_in(const Paths& paths) {
  std::error_code error;
  const bool unfinished = std::filesystem::exists(paths.restoring(), error);
  for (const auto& entry : std::filesystem::directory_iterator(paths.data_dir, error)) {
    const std::filesystem::path& path = entry.path();
    const bool left_by_us = unfinished && (path == paths.restoring() || path == paths.audit_log());
    if (!left_by_us && path.filename() != "lost+found") {
      return path.filename().string();
    }
  }
  return error ? fail(Errc::kInvalidArgument,
                      "cannot read the data folder " + paths.data_dir.string() + ": " + error.message())
               : Result<std::string>();
}

// Only an empty data folder is written to, or one with what is left of a restore that did not end.
Result<void> prepare(const Paths& paths) {
  std::error_code error;
  std::filesystem::create_directories(paths.data_dir, error);
  const Result<std::string> stranger = stranger_in(paths);
  if (!stranger) {
    return fail(stranger.error());
  }
  if (!stranger->empty()) {
    return fail(Errc::kAlreadyExists,
                "the data folder " + paths.data_dir.string() + " is not empty: it holds " + *stranger);
  }
  std::filesystem::remove_all(paths.restoring(), error);
  std::filesystem::create_directories(paths.restoring() / "store", error);
  if (error) {
    return fail(Errc::kInvalidArgument,
                "cannot use the data folder " + paths.data_dir.string() + ": " + error.message());
  }
  return sync_folder(paths.data_dir);
}

// Run by root, the files belong to whom the data folder does.
Result<void> give_to_owner(const std::filesystem::path& data_dir) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(data_dir.c_str(), &owner) != 0) {
    return {};
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir)) {
    if (::lchown(entry.path().c_str(), owner.st_uid, owner.st_gid) != 0) {
      return fail(Errc::kUnavailable, "cannot give " + entry.path().string() + " to the owner of the data folder");
    }
  }
  return {};
}

Result<void> check_audit_log(const std::filesystem::path& file, const Keyring& keyring, ProgressLine& progress) {
  const Result<VerifyReport> report = verify_audit_log(file, keyring.audit_key(), [&progress](std::uint64_t rows) {
    progress.show(std::to_string(rows) + " rows of the audit log checked");
  });
  if (!report) {
    return fail(report.error());
  }
  return report->ok ? Result<void>{}
                    : fail(Errc::kCorrupt, "the audit log of the backup was changed: " + report->reason);
}

struct Restored {
  BackupManifest manifest;
  std::uint64_t lost = 0;
};

Result<Restored> copy_from(const BackupLayout& backup, const Paths& paths, const Keyring& keyring, Rewriter& rewriter) {
  const BackupLayout staging{paths.restoring()};
  const Result<BackupManifest> manifest = read_manifest(backup.manifest());
  if (!manifest) {
    return fail(manifest.error());
  }
  const Result<StoreSurvey> survey = survey_store(backup.store());
  if (!survey) {
    return fail(survey.error());
  }
  if (survey->identity.check != keyring.check_value()) {
    return fail(Errc::kInvalidArgument, "the keyring does not belong to this backup");
  }
  const Result<void> prepared = prepare(paths);
  if (!prepared) {
    return fail(prepared.error());
  }
  ProgressLine progress;
  progress.show("reading the backup");
  StoreCopy copy;
  copy.kind = StoreCopy::Kind::kRestore;
  copy.from = backup.store();
  copy.to = staging.store();
  copy.rewrite = [&rewriter](ByteView record) { return rewriter(record); };
  copy.progress = [&progress](std::uint64_t secrets) { progress.show(std::to_string(secrets) + " secrets"); };
  const Result<std::uint64_t> secrets = copy_store(copy);
  if (!secrets) {
    return fail(secrets.error());
  }
  const Result<std::int64_t> rows = copy_audit_log(backup.audit_log(), staging.audit_log(), [](double /*share*/) {});
  if (!rows) {
    return fail(rows.error());
  }
  if (*secrets != manifest->secrets || *rows != manifest->audit_rows) {
    return fail(Errc::kCorrupt, "the backup is not what its manifest says");
  }
  const Result<void> checked = check_audit_log(staging.audit_log(), keyring, progress);
  return checked ? Result<Restored>(Restored{*manifest, rewriter.lost()}) : fail(checked.error());
}

// From staging to where `serve` looks. As long as the staging folder is there, nothing starts with what is half done.
Result<void> put_in_place(const Paths& paths) {
  const BackupLayout staging{paths.restoring()};
  std::error_code error;
  std::filesystem::rename(staging.audit_log(), paths.audit_log(), error);
  if (!error) {
    std::filesystem::rename(staging.store(), paths.store(), error);
  }
  if (error) {
    return fail(Errc::kUnavailable, "cannot put the restored files in place: " + error.message());
  }
  Result<void> synced = sync_folder(paths.data_dir);
  if (synced) {
    std::filesystem::remove_all(paths.restoring(), error);
    synced = sync_folder(paths.data_dir);
  }
  return synced ? give_to_owner(paths.data_dir) : synced;
}

}  // namespace

int restore(const RestoreOptions& options, Clock& clock, Random& random) {
  const Result<Keyring> keyring = read_key_file(options.paths.key_file);
  if (!keyring) {
    return print_error(kExitFailure, keyring.error().detail, "name the service's keyring with --key-file");
  }
  Rewriter rewriter(clock.now(), random);
  const Result<Restored> restored = copy_from({options.folder}, options.paths, *keyring, rewriter);
  if (!restored) {
    const Errc code = restored.error().code;
    return print_error(kExitFailure, restored.error().detail,
                       code == Errc::kNotFound        ? "name the folder that 'backup' has written"
                       : code == Errc::kAlreadyExists ? "stop the service and move the old data folder away first"
                                                      : "");
  }
  const Result<void> placed = put_in_place(options.paths);
  if (!placed) {
    return print_error(kExitFailure, placed.error().detail, "mend that and run this again");
  }
  const std::string secrets = std::to_string(restored->manifest.secrets);
  const std::string rows = std::to_string(restored->manifest.audit_rows);
  const std::string lost = std::to_string(restored->lost);
  print(options.json ? "{\"created\":\"" + restored->manifest.created + "\",\"secrets\":" + secrets +
                           ",\"lost\":" + lost + ",\"audit_rows\":" + rows + "}\n"
                     : "restored " + secrets + " secrets and " + rows + " rows of the audit log of " +
                           restored->manifest.created + "; " + lost +
                           " were live then and are gone: they may have been read since\n");
  return kExitSuccess;
}

}  // namespace disposable
