#include <unistd.h>

#include "app/backup_command.h"
#include "app/backup_manifest.h"
#include "app/folder_claim.h"
#include "app/key_file.h"
#include "app/restore_staging.h"
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

Result<BackupManifest> check_backup(const BackupLayout& backup, const Keyring& keyring) {
  Result<BackupManifest> manifest = read_manifest(backup.manifest());
  if (!manifest) {
    return manifest;
  }
  const Result<StoreHead> store = read_store_head(backup.store());
  if (!store) {
    return fail(store.error());
  }
  if (store->identity.check != keyring.check_value()) {
    return fail(Errc::kInvalidArgument, "the keyring does not belong to this backup");
  }
  return manifest;
}

Result<Restored> copy_from(const BackupLayout& backup, const Paths& paths, const Keyring& keyring, Rewriter& rewriter,
                           const BackupManifest& manifest) {
  const BackupLayout staging{paths.restoring()};
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
  if (*secrets != manifest.secrets || *rows != manifest.audit_rows) {
    return fail(Errc::kCorrupt, "the backup is not what its manifest says");
  }
  const Result<void> checked = check_audit_log(staging.audit_log(), keyring, progress);
  return checked ? Result<Restored>(Restored{manifest, rewriter.lost()}) : fail(checked.error());
}

Result<Restored> run(const BackupLayout& backup, const Paths& paths, const Keyring& keyring, Rewriter& rewriter,
                     const BackupManifest& manifest) {
  const Result<void> prepared = prepare_staging(paths);
  if (!prepared) {
    return fail(prepared.error());
  }
  Result<Restored> restored = copy_from(backup, paths, keyring, rewriter, manifest);
  if (!restored) {
    ignore(remove_staging(paths), "the error that led here is the one to report");
    return restored;
  }
  Result<void> placed = put_in_place(paths);
  if (placed) {
    placed = remove_staging(paths);
  }
  return placed ? std::move(restored) : fail(placed.error());
}

std::string hint_for(const Error& error) {
  switch (error.code) {
    case Errc::kNotFound:
      return "name the folder that 'backup' has written";
    case Errc::kAlreadyExists:
      return "stop the service and move the old data folder away first";
    case Errc::kUnavailable:
      return "mend that and run this again";
    default:
      return {};
  }
}

// Of which backup it was is not known any more, so nothing is said of it.
int finish_earlier(const RestoreOptions& options) {
  const Result<void> removed = remove_staging(options.paths);
  if (!removed) {
    return print_error(kExitFailure, removed.error().detail, hint_for(removed.error()));
  }
  print(options.json ? "{\"finished_earlier\":true}\n"
                     : "an earlier restore had put everything in its place; it is finished now\n");
  return kExitSuccess;
}

}  // namespace

int restore(const RestoreOptions& options, Clock& clock, Random& random) {
  const Result<Keyring> keyring = read_key_file(options.paths.key_file);
  if (!keyring) {
    return print_error(kExitFailure, keyring.error().detail, "name the service's keyring with --key-file");
  }
  const BackupLayout backup{options.folder};
  const Result<BackupManifest> manifest = check_backup(backup, *keyring);
  if (!manifest) {
    return print_error(kExitFailure, manifest.error().detail, hint_for(manifest.error()));
  }
  std::error_code ignored;
  const bool made = std::filesystem::create_directories(options.paths.data_dir, ignored);
  const Result<FileDescriptor> claim = claim_folder(options.paths.data_dir);
  if (!claim) {
    return print_error(kExitFailure, claim.error().detail, "stop the service first");
  }
  if (restore_nearly_done(options.paths)) {
    return finish_earlier(options);
  }
  Rewriter rewriter(clock.now(), random);
  const Result<Restored> restored = run(backup, options.paths, *keyring, rewriter, *manifest);
  if (!restored) {
    return print_error(kExitFailure, restored.error().detail, hint_for(restored.error()));
  }
  const std::string secrets = std::to_string(restored->manifest.secrets);
  const std::string rows = std::to_string(restored->manifest.audit_rows);
  const std::string lost = std::to_string(restored->lost);
  print(options.json ? "{\"created\":\"" + restored->manifest.created + "\",\"secrets\":" + secrets +
                           ",\"lost\":" + lost + ",\"audit_rows\":" + rows + "}\n"
                     : "restored " + secrets + " secrets and " + rows + " rows of the audit log of " +
                           restored->manifest.created + "; " + lost +
                           " were live then and are gone: they may have been read since\n");
  if (made && ::geteuid() == 0 && !options.json) {
    print("the data folder is new and root's; give it to the service's user with chown -R, if that is another\n");
  }
  return kExitSuccess;
}

}  // namespace disposable
