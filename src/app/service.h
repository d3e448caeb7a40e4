// Service: the composition root of `serve`. Owns every part in the order in which they are built; being torn down in
// the reverse order is the shutdown plan.

#pragma once

#include <functional>
#include <memory>

#include "app/backends.h"
#include "app/frontend.h"
#include "app/key_file.h"
#include "app/options.h"
#include "app/sandbox.h"
#include "app/signals.h"
#include "app/sweeper.h"
#include "app/systemd.h"
#include "app/webhooks.h"
#include "audit/projector.h"
#include "base/log.h"
#include "core/vault.h"
#include "http/api.h"

namespace disposable {

// One thread only. Borrows everything in Parts, which must outlive it.
class Service {
 public:
  struct Parts {
    ServeOptions options;
    // Reads the options again, for a reload.
    std::function<Result<ReloadedOptions>()> reload;
    const SystemdEnvironment& systemd;
    Clock& clock;
    Random& random;
    Log& log;
    Signals& signals;
  };

  // Opens keyring, store and audit log and listens; serves nothing yet. Starts the log, once no thread can be left out
  // of the sandbox. The error's detail is a sentence for the operator.
  static Result<std::unique_ptr<Service>> open(const Parts& parts);

  // Serves until told to stop, then finishes what is in hand. The exit code.
  int run();

 private:
  Service(const Parts& parts, KeyFile keys);
  Result<void> open_backends();
  Result<void> open_projector(std::optional<ServerWebhook> told);
  Result<void> open_front();
  Result<void> confine(SandboxState sandbox);
  Wake wait();
  void reload();
  int finish(Wake wake);
  void build_api();
  Readiness ready();
  void write_metrics(MetricsText& text);

  // Says in the data folder which epoch is used for new secrets.
  Result<void> note_epoch(std::uint32_t epoch);
  Result<void> can_do_without(const Keyring& newer);
  Result<void> adopt(const Keyring& newer);
  void reload_keyring();

  const Parts parts_;
  Keyring keyring_;
  const FileDescriptor key_file_;  // to read it again: its name is out of reach
  FileDescriptor claim_;           // on the data folder
  NotifySocket manager_;
  std::unique_ptr<ServedStore> store_;
  std::unique_ptr<AuditLog> audit_log_;
  std::unique_ptr<RevealLedger> ledger_;  // null: none
  std::unique_ptr<Webhooks> webhooks_;
  std::unique_ptr<Projector> projector_;
  PassphraseLane lane_{PassphraseLane::Limits{}};
  PayloadBudget budget_{parts_.options.limits.buffer_bytes_max};
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Pages> pages_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<Frontend> frontend_;
  std::unique_ptr<Sweeper> sweeper_;
};

}  // namespace disposable
