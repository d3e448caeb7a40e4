// Where an installation keeps what it has. Values.

#pragma once

#include <filesystem>
#include <string>

namespace disposable {

struct Paths {
  std::filesystem::path data_dir;
  std::filesystem::path key_file;
  std::filesystem::path token_file{};  // empty: in the data folder

  std::filesystem::path tokens() const { return token_file.empty() ? data_dir / "tokens" : token_file; }
  std::filesystem::path store() const { return data_dir / "store"; }
  std::filesystem::path audit_log() const { return data_dir / "audit.db"; }
  std::filesystem::path epoch_uses() const { return data_dir / "epochs"; }
  // Calls that are still to be made.
  std::filesystem::path webhooks() const { return data_dir / "webhooks.db"; }
  // What this node is called beside the others of a shared store.
  std::filesystem::path node() const { return data_dir / "node"; }
  // Here while a restore is under way, and after one that did not end.
  std::filesystem::path restoring() const { return data_dir / "restoring"; }
};

// Store, audit log and ledger elsewhere, as URLs. Empty: store and audit log are in the data folder, and there is no
// ledger. Never shown: a URL can hold a password.
struct Backends {
  std::string store;
  std::string audit;
  std::string ledger;
  bool accept_data_loss = false;
  // REDIS_HOST or POSTGRES_HOST named it, perhaps for another program: it must not hide what is in the data folder.
  bool store_by_variable = false;
  bool audit_by_variable = false;

  bool operator==(const Backends&) const = default;
};

}  // namespace disposable
