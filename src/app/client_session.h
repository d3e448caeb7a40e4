// ClientSession: what all commands of the client share while they run: settings of their calls, patience, progress.

#pragma once

#include <optional>
#include <string>

#include "app/client_settings.h"
#include "app/terminal.h"
#include "client/service_api.h"

namespace disposable {

// One thread only.
class ClientSession {
 public:
  // kUsage when the configuration file is wrong; kHere without a standard output. Ignores SIGPIPE and SIGXFSZ from here
  // on.
  static Outcome<std::unique_ptr<ClientSession>> open(const ConnectionOptions& options);
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  const ClientConfiguration& configuration() const { return configuration_; }
  Random& random() { return random_; }
  ProgressLine& progress() { return progress_; }
  // Borrows the server and this.
  ServiceApi api(const ServerUrl& server) { return {server, settings_, patience_, random_}; }

  void wait(std::chrono::milliseconds time) const { patience_.wait(time); }
  // Prints the error and returns its exit code.
  int failed(const ClientError& error);

 private:
  ClientSession(const ConnectionOptions& options, ClientConfiguration configuration);

  SystemRandom random_;
  ClientConfiguration configuration_;
  ProgressLine progress_;
  HttpSettings settings_;
  Patience patience_;
};

// Opens a session and runs `command` in it; the exit code.
template <class Command>
int in_session(const ConnectionOptions& options, const Command& command) {
  Outcome<std::unique_ptr<ClientSession>> session = ClientSession::open(options);
  if (!session) {
    const ClientError& error = session.error();
    return print_error(static_cast<int>(error.failure), error.message, error.hint);
  }
  const Outcome<void> done = command(**session);
  return done ? kExitSuccess : (*session)->failed(done.error());
}

}  // namespace disposable
