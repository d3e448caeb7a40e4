#include "app/backup_manifest.h"

#include <fstream>

#include "app/durable_file.h"

namespace disposable {

namespace {

constexpr const char* kHeader = "disposable-secrets-backup 1";

}  // namespace

Result<BackupManifest> read_manifest(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return fail(Errc::kNotFound, "there is no " + file.string());
  }
  std::ifstream lines(file);
  std::string header;
  std::string created;
  std::string secrets;
  std::string rows;
  BackupManifest manifest;
  if (!std::getline(lines, header) || header != kHeader || !(lines >> created >> manifest.created) ||
      !(lines >> secrets >> manifest.secrets) || !(lines >> rows >> manifest.audit_rows) || created != "created" ||
      secrets != "secrets" || rows != "audit-rows") {
    return fail(Errc::kCorrupt, file.string() + " is not the manifest of a backup that this version knows");
  }
  return manifest;
}

Result<void> write_manifest(const std::filesystem::path& file, const BackupManifest& manifest) {
  return write_durable_file(file, std::string(kHeader) + "\ncreated " + manifest.created + "\nsecrets " +
                                      std::to_string(manifest.secrets) + "\naudit-rows " +
                                      std::to_string(manifest.audit_rows) + "\n");
}

}  // namespace disposable
