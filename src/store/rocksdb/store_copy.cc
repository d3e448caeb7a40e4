#include "store/rocksdb/store_copy.h"

#include "store/rocksdb/database.h"
#include "store/rocksdb/outbox_state.h"

namespace disposable {

namespace {

constexpr std::uint64_t kBatch = 1000;
constexpr std::uint64_t kProgressSecrets = 10'000;

Result<Identity> read_identity(const Database& database) {
  const auto stored = database.read(Family::kMeta, as_bytes(kIdentityKey));
  if (!stored) {
    return fail(stored.error());
  }
  return stored->has_value() ? decode_identity(**stored) : fail(Errc::kNotFound, "the store is empty");
}

// Collects changes and writes them in batches; only finish() makes all of them durable.
class Writer {
 public:
  explicit Writer(Database& database) : database_(database) {}

  void put(Family family, ByteView key, ByteView value) {
    batch_->put(family, key, value);
    ++pending_;
  }
  Result<void> write_when_full() { return pending_ < kBatch ? Result<void>{} : write(Database::Sync::kNo); }
  Result<void> finish() { return write(Database::Sync::kYes); }

 private:
  Result<void> write(Database::Sync sync) {
    const Database::Written written = database_.write(*batch_, sync);
    batch_ = std::make_unique<Database::Batch>(database_);
    pending_ = 0;
    return written.outcome == Database::Outcome::kWritten
               ? Result<void>{}
               : fail(Errc::kUnavailable, "cannot write the copy: " + written.reason);
  }

  Database& database_;
  std::unique_ptr<Database::Batch> batch_ = std::make_unique<Database::Batch>(database_);
  std::uint64_t pending_ = 0;
};

// Scans a family of `from`, one call of `each` an entry, until one fails.
Result<void> for_each(const Database& from, Family family,
                      const std::function<Result<void>(ByteView key, ByteView value)>& each) {
  Result<void> done;
  Result<void> scanned = from.scan(family, {}, [&](ByteView key, ByteView value) {
    done = each(key, value);
    return done.has_value();
  });
  return scanned ? done : scanned;
}

Result<void> copy_record(const StoreCopy& copy, ByteView key, ByteView value, std::uint64_t& position, Writer& writer) {
  const Result<StoredRecord> stored = decode_stored_record(value);
  StoreId id;
  if (!stored || key.size() != id.bytes.size()) {
    return fail(Errc::kCorrupt, "a stored record does not decode");
  }
  std::copy(key.begin(), key.end(), id.bytes.begin());
  const Result<StoreCopy::Rewritten> rewritten = copy.rewrite(stored->record);
  if (!rewritten) {
    return fail(rewritten.error());
  }
  const Entry& entry = rewritten->entry;
  writer.put(Family::kRecords, key, encode_stored_record(stored->version + 1, entry, 0, {}));
  writer.put(Family::kSchedule, schedule_key(entry.due, id), {});
  for (const Event& event : rewritten->events) {
    writer.put(Family::kOutbox, outbox_key(position++), encode_event(event));
  }
  return writer.write_when_full();
}

Result<std::uint64_t> copy_records(const StoreCopy& copy, const Database& from, std::uint64_t position,
                                   Writer& writer) {
  std::uint64_t secrets = 0;
  const Result<void> copied = for_each(from, Family::kRecords, [&](ByteView key, ByteView value) {
    if (++secrets % kProgressSecrets == 0 && copy.progress) {
      copy.progress(secrets);
    }
    return copy_record(copy, key, value, position, writer);
  });
  return copied ? Result<std::uint64_t>(secrets) : fail(copied.error());
}

Result<Identity> open_source(const StoreCopy& copy, Database& from) {
  const Result<void> opened = from.open_beside_writer();
  if (!opened) {
    return fail(opened.error());
  }
  Result<Identity> identity = read_identity(from);
  if (!identity) {
    return identity;
  }
  if (identity->format == kMovingFormat) {
    return fail(Errc::kInvalidArgument, "the store in " + copy.from + " is being moved, or was moved elsewhere");
  }
  const bool backing_up = copy.kind == StoreCopy::Kind::kBackup;
  if (identity->format != (backing_up ? kStoreFormat : kBackupFormat)) {
    return fail(Errc::kInvalidArgument, backing_up && identity->format == kBackupFormat
                                            ? "the data folder holds a backup, which was not restored"
                                            : copy.from + " was written by another version of this program");
  }
  return identity;
}

Result<StoreHead> open_and_read_head(Database& database) {
  const Result<void> opened = database.open_beside_writer();
  if (!opened) {
    return fail(opened.error());
  }
  const Result<Identity> identity = read_identity(database);
  if (!identity) {
    return fail(identity.error());
  }
  const Result<OutboxState> outbox = read_outbox_state(database);
  return outbox ? Result<StoreHead>(StoreHead{*identity, outbox->acknowledged_id}) : fail(outbox.error());
}

}  // namespace

Result<std::uint64_t> copy_store(const StoreCopy& copy) {
  Database from(copy.from);
  Result<Identity> identity = open_source(copy, from);
  if (!identity) {
    return fail(identity.error());
  }
  const Result<OutboxState> outbox = read_outbox_state(from);
  if (!outbox) {
    return fail(outbox.error());
  }
  Database to(copy.to);
  const Result<void> opened = to.open();
  if (!opened) {
    return fail(opened.error());
  }
  Writer writer(to);
  Result<void> written = for_each(from, Family::kOutbox, [&](ByteView key, ByteView value) {
    writer.put(Family::kOutbox, key, value);
    return writer.write_when_full();
  });
  if (!written) {
    return fail(written.error());
  }
  Result<std::uint64_t> secrets = copy_records(copy, from, outbox->next_position, writer);
  if (!secrets) {
    return secrets;
  }
  if (outbox->acknowledged_id) {
    writer.put(Family::kMeta, as_bytes(kAcknowledgedKey),
               encode_acknowledged({outbox->acknowledged_position, *outbox->acknowledged_id}));
  }
  identity->format = copy.kind == StoreCopy::Kind::kBackup ? kBackupFormat : kStoreFormat;
  // Last: a copy without an identity is none.
  writer.put(Family::kMeta, as_bytes(kIdentityKey), encode_identity(*identity));
  written = writer.finish();
  return written ? secrets : fail(written.error());
}

Result<StoreHead> read_store_head(const std::string& directory) {
  Database database(directory);
  return open_and_read_head(database);
}

Result<StoreHead> survey_store(const std::string& directory,
                               const std::function<Result<void>(ByteView record)>& visit) {
  Database database(directory);
  Result<StoreHead> head = open_and_read_head(database);
  if (!head) {
    return head;
  }
  const Result<void> visited = for_each(database, Family::kRecords, [&](ByteView /*key*/, ByteView value) {
    const Result<StoredRecord> stored = decode_stored_record(value);
    return stored ? visit(stored->record) : fail(stored.error());
  });
  return visited ? std::move(head) : fail(visited.error());
}

}  // namespace disposable
