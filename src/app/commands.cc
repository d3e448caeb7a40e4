#include "app/commands.h"

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <optional>

#include "app/audit_command.h"
#include "app/backup_command.h"
#include "app/doctor_command.h"
#include "app/document_command.h"
#include "app/environment.h"
#include "app/generate_command.h"
#include "app/keys_command.h"
#include "app/link_commands.h"
#include "app/migrate_command.h"
#include "app/options.h"
#include "app/process.h"
#include "app/request_command.h"
#include "app/retrieve_command.h"
#include "app/service.h"
#include "app/share_command.h"
#include "app/specification_environment.h"
#include "app/terminal.h"
#include "app/version.h"

namespace disposable {

namespace {

int serve(const ServeOptions& options, int argc, const char* const* argv) {
  const SystemdEnvironment systemd = SystemdEnvironment::read();
  Signals signals;
  SystemClock clock;
  SystemRandom random;
  std::optional<Log> log(std::in_place, clock, STDERR_FILENO,
                         isatty(STDERR_FILENO) != 0 ? Log::Format::kText : Log::Format::kJson, Log::Begin::kLater);
  log->set_level(log_level(options, log->format()));
  Result<std::unique_ptr<Service>> service = Service::open(
      {options, [&] { return reload_options(argc, argv, options); }, systemd, clock, random, *log, signals});
  if (!service) {
    log.reset();  // what it has to say comes before the error
    return print_error(kExitFailure, service.error().detail);
  }
  for (const HygieneWarning& warning : hygiene_warnings(options)) {
    if (warning.file.empty()) {
      log->write(LogLevel::kWarning, warning.message);
    } else {
      log->write(LogLevel::kWarning, warning.message, {{"file", warning.file}});
    }
  }
  for (const std::string& sentence : unusable_servers(environment_variable)) {
    log->write(LogLevel::kWarning, sentence);
  }
  return (*service)->run();
}

struct Runner {
  int argc;
  const char* const* argv;

  int operator()(const ServeOptions& options) const { return serve(options, argc, argv); }
  int operator()(const AuditListOptions& options) const {
    SystemRandom initialised;
    SystemClock clock;
    return list_audit_log(options, clock);
  }
  int operator()(const AuditVerifyOptions& options) const {
    SystemRandom initialised;
    return verify_audit_log_file(options);
  }
  int operator()(const KeysOptions& options) const {
    SystemRandom random;
    SystemClock clock;
    return options.what == KeysOptions::What::kCreate ? create_keys(options, random)
                                                      : rotate_keys(options, clock, random);
  }
  int operator()(const BackupOptions& options) const {
    SystemClock clock;
    return back_up(options, clock);
  }
  int operator()(const RestoreOptions& options) const {
    SystemRandom random;
    SystemClock clock;
    return restore(options, clock, random);
  }
  int operator()(const MigrateOptions& options) const {
    SystemRandom random;
    SystemClock clock;
    return migrate(options, clock, random);
  }
  int operator()(const DoctorOptions& options) const {
    SystemRandom random;
    SystemClock clock;
    return diagnose(options, clock, random);
  }
  int operator()(const TokenOptions& options) const {
    SystemRandom random;
    SystemClock clock;
    return change_tokens(options, clock, random);
  }
  int operator()(const DocumentOptions& options) const {
    print(generated(options.what));
    return kExitSuccess;
  }
  int operator()(const ShareOptions& options) const { return share(options); }
  int operator()(const RetrieveOptions& options) const { return retrieve(options); }
  int operator()(const StatusOptions& options) const { return show_status(options); }
  int operator()(const DeleteOptions& options) const { return delete_by_link(options); }
  int operator()(const RequestOptions& options) const { return request_secret(options); }
  int operator()(const GenerateOptions& options) const {
    SystemRandom random;
    return generate(options, random);
  }
  int operator()(const VersionOptions& options) const {
    const BuildInfo info = build_info();
    print(options.json ? version_json(info) : version_text(info));
    return kExitSuccess;
  }
};

}  // namespace

int run(int argc, const char* const* argv) {
  try {
    const std::variant<Command, Exit> parsed = parse_options(argc, argv);
    if (const Exit* exit = std::get_if<Exit>(&parsed)) {
      std::fwrite(exit->text.data(), 1, exit->text.size(), exit->code == 0 ? stdout : stderr);
      return exit->code;
    }
    // Every command but `version` holds keys.
    const Result<void> hardened = harden_process();
    if (!hardened) {
      return print_error(kExitFailure, hardened.error().detail);
    }
    const int code = std::visit(Runner{argc, argv}, std::get<Command>(parsed));
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      return print_error(kExitFailure, "the output could not be written completely");
    }
    return code;
  } catch (const std::exception& error) {
    // Out of memory, or a thread that could not be started. what() of the standard library holds no input of ours.
    return print_error(kExitFailure, error.what());
  }
}

}  // namespace disposable
