#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "app/backup_command.h"
#include "app/backup_manifest.h"
#include "app/durable_file.h"
#include "app/folder_claim.h"
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

bool there(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The first thing in the data folder that a restore would have to mix with; empty when there is none.
Result<std::string> stranger_in(const Paths& paths) {
  std::error_code error;
  const bool unfinished = there(paths.restoring());
  for (const auto& entry : std::filesystem::directory_iterator(paths.data_dir, error)) {
    const std::filesystem::path& path = entry.path();
    const bool left_by_us = unfinished && (path == paths.restoring() || path == paths.audit_log());
    if (!left_by_us && path != paths.key_file && path.filename() != "lost+found") {
      return path.filename().string();
    }
  }
  return error ? fail(Errc::kInvalidArgument,
                      "cannot read the data folder " + paths.data_dir.string() + ": " + error.message())
               : Result<std::string>();
}

// Only an empty data folder is written to, or one with what is left of a restore that did not end.
Result<void> prepare(const Paths& paths) {
  const Result<std::string> stranger = stranger_in(paths);
  if (!stranger) {
    return fail(stranger.error());
  }
  if (!stranger->empty()) {
    return fail(Errc::kAlreadyExists,
                "the data folder " + paths.data_dir.string() + " is not empty: it holds " + *stranger);
  }
  std::error_code error;
  std::filesystem::remove_all(paths.restoring(), error);
  std::filesystem::create_directories(paths.restoring() / "store", error);
  if (error) {
    return fail(Errc::kInvalidArgument,
                "cannot use the data folder " + paths.data_dir.string() + ": " + error.message());
  }
  return sync_folder(paths.data_dir);
}

// Gives what is in the open folder to `owner`. By descriptors, so that no link on the way leads elsewhere.
bool give_content(int folder, const struct stat& owner) {
  const int listed = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(listed < 0 ? nullptr : ::fdopendir(listed), ::closedir);
  bool given = entries != nullptr;
  while (const dirent* entry = given ? ::readdir(entries.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    const FileDescriptor below(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    given = (!below || give_content(below.get(), owner)) &&
            ::fchownat(folder, name.c_str(), owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
  }
  return given;
}

// Run by root, the files belong to whom the data folder does. The staging folder itself stays root's, so that nobody
// else can reach into it meanwhile.
Result<void> give_to_owner(const Paths& paths) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(paths.data_dir.c_str(), &owner) != 0) {
    return {};
  }
  const FileDescriptor staging(::open(paths.restoring().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  return staging && give_content(staging.get(), owner)
             ? Result<void>{}
             : fail(Errc::kUnavailable, "cannot give the restored files to the owner of " + paths.data_dir.string());
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

Result<BackupManifest> check_backup(const BackupLayout& backup, const Keyring& keyring) {
  Result<BackupManifest> manifest = read_manifest(backup.manifest());
  if (!manifest) {
    return manifest;
  }
  const Result<StoreSurvey> survey = survey_store(backup.store(), [](ByteView /*record*/) { return Result<void>{}; });
  if (!survey) {
    return fail(survey.error());
  }
  if (survey->identity.check != keyring.check_value()) {
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

// From staging to where `serve` looks. As long as the staging folder is there, nothing starts with what is half done.
Result<void> put_in_place(const Paths& paths) {
  const BackupLayout staging{paths.restoring()};
  Result<void> given = give_to_owner(paths);
  if (!given) {
    return given;
  }
  std::error_code error;
  std::filesystem::rename(staging.audit_log(), paths.audit_log(), error);
  if (!error) {
    std::filesystem::rename(staging.store(), paths.store(), error);
  }
  return error ? fail(Errc::kUnavailable, "cannot put the restored files in place: " + error.message())
               : sync_folder(paths.data_dir);
}

Result<void> remove_staging(const Paths& paths) {
  std::error_code error;
  std::filesystem::remove_all(paths.restoring(), error);
  return error ? fail(Errc::kUnavailable, "cannot remove " + paths.restoring().string() + ": " + error.message())
               : sync_folder(paths.data_dir);
}

// A restore that was killed when everything was in its place but for removing the empty staging folder.
bool nearly_done(const Paths& paths) {
  return there(paths.restoring()) && !there(paths.restoring() / "store") && there(paths.store() / "CURRENT");
}

Result<Restored> run(const BackupLayout& backup, const Paths& paths, const Keyring& keyring, Rewriter& rewriter,
                     const BackupManifest& manifest) {
  if (nearly_done(paths)) {
    const Result<void> removed = remove_staging(paths);
    return removed ? Result<Restored>(Restored{manifest, 0}) : fail(removed.error());
  }
  const Result<void> prepared = prepare(paths);
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
