#include "app/service.h"

#include <unistd.h>

#include <algorithm>

#include "app/folder_claim.h"
#include "app/page_brand.h"
#include "app/restore_staging.h"
#include "app/terminal.h"
#include "core/webhook_url.h"
#include "web/assets.h"

namespace disposable {

namespace {

constexpr std::chrono::seconds kFinishTime{10};        // for requests in hand at the end
constexpr std::chrono::seconds kDrainTime{10};         // for the projector at the end
constexpr std::chrono::milliseconds kTokensAge{1000};  // after which it is looked whether they have changed
constexpr const char* kSandboxHint = "; --no-sandbox starts without it";

// The claim keeps a restore out, and other services, from before anything is read.
Result<FileDescriptor> claim_data_dir(const ServeOptions& options) {
  const Paths& paths = options.paths;
  const std::filesystem::path& folder = paths.data_dir;
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(Errc::kInvalidArgument, "cannot make the data folder " + folder.string() + ": " + error.message());
  }
  Result<FileDescriptor> claim = claim_folder(folder);
  if (!claim) {
    return claim;
  }
  if (restore_unfinished(paths)) {
    return fail(Errc::kInvalidArgument,
                "the data folder " + folder.string() + " is being restored, or a restore did not end; run it again");
  }
  if (options.backends.store.empty() && !std::filesystem::create_directories(paths.store(), error) && error) {
    return fail(Errc::kInvalidArgument, "cannot use the data folder " + folder.string() + ": " + error.message());
  }
  if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return fail(Errc::kInvalidArgument, "cannot use the data folder " + folder.string() + ": it is not writable");
  }
  return claim;
}

// A store without its keyring is a mistake of the operator, never a reason to make a new keyring.
Result<KeyFile> open_keyring(const Paths& paths, Random& random, Log& log) {
  Result<KeyFile> keys = open_key_file(paths.key_file);
  if (keys || keys.error().code != Errc::kNotFound) {
    return keys;
  }
  std::error_code error;
  if (std::filesystem::exists(paths.store() / "CURRENT", error) || error) {
    return fail(Errc::kInvalidArgument, keys.error().detail + ", but the data folder " + paths.data_dir.string() +
                                            " holds a store that needs it; put the key file back");
  }
  const Result<Keyring> created = create_key_file(paths.key_file, random);
  if (!created && created.error().code != Errc::kAlreadyExists) {
    return fail(created.error());
  }
  if (created) {
    log.write(LogLevel::kInfo, "created a new keyring; keep a copy apart from the data",
              {{"file", paths.key_file.native()}});
  }
  return open_key_file(paths.key_file);  // where another process was first, its keyring is the one
}

}  // namespace

Service::Service(const Parts& parts, KeyFile keys)
    : parts_(parts), keyring_(std::move(keys.keyring)), key_file_(std::move(keys.file)) {}

Result<std::unique_ptr<Service>> Service::open(const Parts& parts) {
  Result<FileDescriptor> claim = claim_data_dir(parts.options);
  if (!claim) {
    return fail(claim.error());
  }
  Result<KeyFile> keys = open_keyring(parts.options.paths, parts.random, parts.log);
  if (!keys) {
    return fail(keys.error());
  }
  Result<std::unique_ptr<Pages>> pages = open_pages(parts.options.page);
  if (!pages) {
    return fail(pages.error());
  }
  Result<NotifySocket> manager = NotifySocket::open(parts.systemd.notify_socket);
  if (!manager) {
    return fail(manager.error());
  }
  Result<std::optional<ServerWebhook>> told = read_server_webhook(parts.options);
  if (!told) {
    return fail(told.error());
  }
  const SandboxState sandbox = sandbox_state(parts.options);
  const Result<void> files = confine_files(parts.options);  // the keyring is out of reach from here on
  if (!files) {
    return fail(Errc::kUnavailable, files.error().detail + kSandboxHint);
  }
  parts.log.start();
  std::unique_ptr<Service> service(new Service(parts, std::move(*keys)));
  service->pages_ = std::move(*pages);
  service->manager_ = std::move(*manager);
  service->claim_ = std::move(*claim);
  Result<void> opened = service->open_backends();
  if (opened) {
    opened = service->open_projector(std::move(*told));
  }
  if (opened) {
    opened = service->note_epoch(service->keyring_.current_epoch());
  }
  if (opened) {
    opened = service->open_front();
  }
  if (opened) {
    opened = service->confine(sandbox);
  }
  if (!opened) {
    return fail(opened.error());
  }
  return service;
}

// After the last thread was started: each one later would need a system call that is refused from here on.
Result<void> Service::confine(SandboxState sandbox) {
  const Result<void> calls = confine_system_calls(parts_.options);
  if (!calls) {
    return fail(Errc::kUnavailable, calls.error().detail + kSandboxHint);
  }
  const bool locked = keyring_.memory_locked();
  sandbox.memory_lock = locked ? "on" : "refused";
  parts_.log.write(
      LogLevel::kInfo, "confined",
      {{"landlock", sandbox.landlock}, {"seccomp", sandbox.seccomp}, {"memory_lock", sandbox.memory_lock}});
  if (!locked) {
    parts_.log.write(LogLevel::kWarning, "the keys may be swapped to disk; raise the limit of locked memory");
  }
  return {};
}

Readiness Service::ready() {
  Result<void> store = store_->ready();
  if (store && ledger_ != nullptr) {
    store = ledger_->ready();
  }
  return {std::move(store), projector_->ready()};
}

void Service::write_metrics(MetricsText& text) {
  frontend_->write_metrics(text);
  store_->write_metrics(text, parts_.clock.now());
  projector_->write_metrics(text);
  webhooks_->write_metrics(text);
  lane_.write_metrics(text);
  budget_.write_metrics(text);
}

void Service::build_api() {
  vault_ = std::make_unique<Vault>(
      Vault::Parts{*store_, keyring_, parts_.clock, parts_.random, lane_, {}, ledger_.get(), &budget_});
  Api::Parts api{*vault_, [this] { return ready(); }};
  api.metrics = [this](MetricsText& text) { write_metrics(text); };
  api.metrics_apart = !parts_.options.metrics_listen.empty();
  api.limits.secret_bytes_max = parts_.options.secret_bytes_max;
  api.limits.upload_bytes_max = parts_.options.upload_bytes_max;
  api.limits.ttl_max = parts_.options.ttl_max;
  api.webhooks = webhook_rule(parts_.options.webhooks).value_or(WebhookRule::kNobody);
  api.webhook_callable = [addresses = webhook_addresses(parts_.options, DeliveryKind::kSecret)](std::string_view text) {
    const Result<WebhookUrl> url = parse_webhook_url(text);
    return url && addresses.may_call(url->host, url->tls);
  };
  for (const EmbeddedFile& file : docs_files()) {
    api.docs.push_back({file.name, file.content_type, file.bytes});
  }
  api.pages = pages_.get();
  api_ = std::make_unique<Api>(std::move(api));
}

Result<void> Service::open_front() {
  build_api();
  Result<std::unique_ptr<Frontend>> frontend =
      Frontend::open({parts_.options, parts_.systemd.passed, *api_, *store_, parts_.clock, parts_.random, parts_.log});
  if (!frontend) {
    return fail(frontend.error());
  }
  frontend_ = std::move(*frontend);
  projector_->start();
  webhooks_->start();
  sweeper_ = std::make_unique<Sweeper>(*vault_, parts_.log);
  return {};
}

int Service::run() {
  const Result<void> serving = frontend_->serve();
  if (!serving) {
    parts_.log.write(LogLevel::kError, "cannot serve", {{"reason", serving.error().detail}});
    return kExitFailure;
  }
  manager_.ready("serving");
  const Wake wake = wait();
  manager_.stopping("finishing requests");
  parts_.log.write(LogLevel::kInfo, "stopping");
  return finish(wake);
}

Wake Service::wait() {
  const auto watchdog = watchdog_interval(parts_.systemd, ::getpid());
  const auto timeout =
      watchdog ? std::min(std::chrono::floor<std::chrono::milliseconds>(*watchdog), kTokensAge) : kTokensAge;
  for (;;) {
    // Told only while every loop is alive: one that hangs is for the manager to end.
    if (watchdog && frontend_->responsive()) {
      manager_.watchdog();
    }
    const Wake wake = parts_.signals.wait(timeout);
    if (wake == Wake::kReload) {
      reload();
    } else if (wake != Wake::kTimeout) {
      return wake;
    }
    frontend_->check_tokens();
  }
}

void Service::reload() {
  manager_.reloading(std::chrono::steady_clock::now());
  reload_keyring();
  const Result<ReloadedOptions> reloaded = parts_.reload();
  if (reloaded) {
    for (const std::string& name : reloaded->needs_restart) {
      parts_.log.write(LogLevel::kWarning, "this option was changed and needs a restart", {{"option", name}});
    }
    parts_.log.set_level(log_level(reloaded->options, parts_.log.format()));
    store_->set_storage_limits(storage_limits(reloaded->options));
    budget_.configure(reloaded->options.limits.buffer_bytes_max);
    frontend_->reload(reloaded->options);
    parts_.log.write(LogLevel::kInfo, "reloaded");
  } else {
    parts_.log.write(LogLevel::kError, "the configuration stays as it was", {{"reason", reloaded.error().detail}});
  }
  manager_.ready("serving");
}

int Service::finish(Wake wake) {
  if (!frontend_->stop(kFinishTime)) {
    parts_.log.write(LogLevel::kWarning, "requests were cut off after 10 seconds");
  }
  sweeper_.reset();
  if (wake == Wake::kFailure) {
    return kExitFailure;
  }
  const Result<void> drained = projector_->drain(std::chrono::steady_clock::now() + kDrainTime);
  if (!drained) {
    parts_.log.write(LogLevel::kWarning, "the audit log is behind; it catches up at the next start",
                     {{"reason", drained.error().detail}});
    return kExitFailure;
  }
  parts_.log.write(LogLevel::kInfo, "stopped");
  return kExitSuccess;
}

}  // namespace disposable
