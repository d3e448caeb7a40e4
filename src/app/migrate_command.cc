#include "app/migrate_command.h"

#include "app/backends.h"
#include "app/key_file.h"
#include "app/move_ends.h"
#include "app/terminal.h"
#include "audit/audit_move.h"
#include "audit/sqlite/retired_log.h"
#include "base/log.h"
#include "store/rocksdb/rocksdb_transfer.h"
#include "store/store_move.h"

namespace disposable {

namespace {

constexpr const char* kSamePlace = "--from and --to are the same place";

Result<MoveEnds> ends_of(PlaceKind kind, const MigrateOptions& options) {
  MoveEnds ends;
  for (const auto& [urls, end] : {std::pair{&options.from, &ends.from}, std::pair{&options.to, &ends.to}}) {
    for (const std::string& url : *urls) {
      if (place_kind(url) != kind) {
        continue;
      }
      if (!end->empty()) {
        return fail(Errc::kInvalidArgument, "one store and one audit log can be moved at a time");
      }
      *end = url;
    }
  }
  if (ends.from.empty() != ends.to.empty()) {
    return fail(Errc::kInvalidArgument,
                "--from and --to do not name the same kinds: a store goes to a store, and an "
                "audit log to an audit log");
  }
  const std::optional<std::filesystem::path> from = local_end(ends.from, options.paths);
  if (!ends.from.empty() && (ends.from == ends.to || (from && from == local_end(ends.to, options.paths)))) {
    return fail(Errc::kInvalidArgument, kSamePlace);
  }
  return ends;
}

struct Moving {
  const MigrateOptions& options;
  const Keyring& keyring;
  Clock& clock;
  Random& random;
  ProgressLine& progress;
};

struct Migrated {
  MoveReport store;
  std::uint64_t audit_rows = 0;
};

// --- the store

Result<std::unique_ptr<StoreTransfer>> open_transfer(const std::string& url, RocksDbTransfer::End end,
                                                     const Moving& moving) {
  if (!url.starts_with(kRocksDb)) {
    return open_redis_transfer(url, moving.options.accept_data_loss, moving.random);
  }
  return RocksDbTransfer::open(local_path(url, kRocksDb, moving.options.paths.store()).string(), end);
}

Result<MoveReport> move_store_of(const MoveEnds& ends, const Moving& moving) {
  const auto from = open_transfer(ends.from, RocksDbTransfer::End::kSource, moving);
  if (!from) {
    return fail(from.error());
  }
  const auto check = (*from)->keyring_check();
  if (!check) {
    return fail(check.error());
  }
  if (check->has_value() && **check != moving.keyring.check_value()) {
    return fail(Errc::kInvalidArgument, "the keyring does not belong to the store of " + (*from)->name());
  }
  const auto to = open_transfer(ends.to, RocksDbTransfer::End::kTarget, moving);
  if (!to) {
    return fail(to.error());
  }
  return move_store(**from, **to, moving.random, [&moving](const MoveReport& so_far) {
    moving.progress.show(std::to_string(so_far.secrets) + " secrets and " + std::to_string(so_far.events) +
                         " events moved");
  });
}

// --- the audit log

// A log as the other commands know it.
struct LogPlace {
  Paths paths;
  Backends backends;
};

LogPlace log_place(const std::string& url, const MigrateOptions& options) {
  LogPlace place{options.paths, {}};
  place.backends.accept_data_loss = options.accept_data_loss;
  if (url.starts_with(kSqlite)) {
    place.paths.data_dir = local_path(url, kSqlite, options.paths.audit_log()).parent_path();
  } else {
    place.backends.audit = url;
  }
  return place;
}

Result<std::optional<RetiredLog>> retired(const LogPlace& place) {
  return place.backends.audit.empty() ? audit_log_retired(place.paths.audit_log())
                                      : postgres_audit_log_retired(place.backends.audit);
}

Result<void> retire(const LogPlace& place, std::uint64_t rows, const Keyring& keyring) {
  return place.backends.audit.empty() ? retire_audit_log(place.paths.audit_log(), rows, keyring.audit_key())
                                      : retire_postgres_audit_log(place.backends.audit, rows);
}

// One log can have two names.
Result<void> two_logs(const LogPlace& from, const LogPlace& to) {
  if (from.backends.audit.empty() || to.backends.audit.empty()) {
    return {};  // two files were compared as such
  }
  const Result<std::string> source = postgres_audit_log_identity(from.backends.audit);
  const Result<std::string> target = source ? postgres_audit_log_identity(to.backends.audit) : fail(source.error());
  if (!target) {
    return fail(target.error());
  }
  return source->empty() || *source != *target ? Result<void>{} : fail(Errc::kInvalidArgument, kSamePlace);
}

Result<std::uint64_t> copy_log(const LogPlace& from, const LogPlace& to, const Moving& moving) {
  const auto source = open_audit_source(from.paths, from.backends);
  if (!source) {
    return fail(source.error());
  }
  const auto target = open_audit_log({to.paths, to.backends, moving.keyring, moving.clock, moving.random});
  if (!target) {
    return fail(target.error());
  }
  const auto written = open_audit_source(to.paths, to.backends);
  if (!written) {
    return fail(written.error());
  }
  return move_audit_log(**source, **target, **written, moving.keyring.audit_key(), [&moving](std::uint64_t rows) {
    moving.progress.show(std::to_string(rows) + " rows of the audit log moved");
  });
}

Result<std::uint64_t> move_log_of(const MoveEnds& ends, const Moving& moving) {
  const LogPlace from = log_place(ends.from, moving.options);
  const LogPlace to = log_place(ends.to, moving.options);
  const Result<void> two = two_logs(from, to);
  const Result<std::optional<RetiredLog>> before = two ? retired(from) : fail(two.error());
  if (!before) {
    return fail(before.error());
  }
  if (before->has_value()) {  // by an earlier run
    const auto target = open_audit_source(to.paths, to.backends);
    return target ? verify_moved_log(**before, **target, moving.keyring.audit_key()) : fail(target.error());
  }
  moving.progress.show("checking the audit log");
  const Result<std::uint64_t> rows = copy_log(from, to, moving);
  const Result<void> done = rows ? retire(from, *rows, moving.keyring) : fail(rows.error());
  return done ? rows : fail(done.error());
}

// The log goes first: a store whose audit log lacks what it has acknowledged is refused, but not the other way round.
Result<Migrated> run(const MoveEnds& store, const MoveEnds& log, const Moving& moving) {
  Migrated migrated;
  if (!log.from.empty()) {
    const Result<std::uint64_t> rows = move_log_of(log, moving);
    if (!rows) {
      return fail(rows.error());
    }
    migrated.audit_rows = *rows;
  }
  if (!store.from.empty()) {
    Result<MoveReport> moved = move_store_of(store, moving);
    if (!moved) {
      return fail(moved.error());
    }
    migrated.store = *moved;
  }
  return migrated;
}

std::string as_json(const Migrated& migrated) {
  return "{\"secrets\":" + std::to_string(migrated.store.secrets) +
         ",\"events\":" + std::to_string(migrated.store.events) +
         ",\"audit_rows\":" + std::to_string(migrated.audit_rows) +
         ",\"resumed\":" + (migrated.store.resumed ? "true" : "false") + "}\n";
}

std::string as_text(const Migrated& migrated, const MoveEnds& store, const MoveEnds& log) {
  std::string text;
  if (!store.from.empty()) {
    text += "moved " + std::to_string(migrated.store.secrets) + " secrets and " +
            std::to_string(migrated.store.events) + " events of the outbox" +
            (migrated.store.ended_before ? "; the store was moved already"
             : migrated.store.resumed    ? ", and ended an earlier move"
                                         : "") +
            "\n";
  }
  if (!log.from.empty()) {
    text += "moved " + std::to_string(migrated.audit_rows) + " rows of the audit log, chain unbroken\n";
  }
  return text + "start the service with the new places, and with the same keyring\n";
}

}  // namespace

int migrate(const MigrateOptions& options, Clock& clock, Random& random) {
  const Result<MoveEnds> store = ends_of(PlaceKind::kStore, options);
  const Result<MoveEnds> log = store ? ends_of(PlaceKind::kAuditLog, options) : fail(store.error());
  if (!log) {
    return print_error(kExitUsage, log.error().detail);
  }
  const Result<Keyring> keyring = read_key_file(options.paths.key_file);
  if (!keyring) {
    return print_error(kExitFailure, keyring.error().detail, "name the service's keyring with --key-file");
  }
  const Result<std::vector<FileDescriptor>> claims = claim_folders(std::array{*store, *log}, options.paths);
  if (!claims) {
    return print_error(kExitFailure, claims.error().detail, "stop the service first");
  }
  ProgressLine progress;
  const Result<Migrated> migrated = run(*store, *log, {options, *keyring, clock, random, progress});
  progress.clear();
  if (!migrated) {
    const bool again = migrated.error().code == Errc::kUnavailable;
    return print_error(kExitFailure, migrated.error().detail, again ? "mend that and run this again" : "");
  }
  print(options.json ? as_json(*migrated) : as_text(*migrated, *store, *log));
  return kExitSuccess;
}

}  // namespace disposable
