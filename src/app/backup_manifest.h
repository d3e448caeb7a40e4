// What a backup says of itself, in the file `manifest` beside its store and its audit log. Written last: a folder
// without one is no backup, or one that did not end. Text, one item a line:
//   disposable-secrets-backup 1
//   created <UTC>
//   secrets <number of records in the store>
//   audit-rows <number of rows in the audit log>

#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace disposable {

struct BackupManifest {
  std::string created;
  std::uint64_t secrets = 0;
  std::int64_t audit_rows = 0;

  bool operator==(const BackupManifest&) const = default;
};

// Where things are in a backup, and in a data folder while it is being restored.
struct BackupLayout {
  std::filesystem::path folder;

  std::filesystem::path store() const { return folder / "store"; }
  std::filesystem::path audit_log() const { return folder / "audit.db"; }
  std::filesystem::path manifest() const { return folder / "manifest"; }
};

// kNotFound: there is none. kCorrupt: it is no manifest of this version.
Result<BackupManifest> read_manifest(const std::filesystem::path& file);
// Durable on return.
Result<void> write_manifest(const std::filesystem::path& file, const BackupManifest& manifest);

}  // namespace disposable
