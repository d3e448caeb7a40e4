#include "app/client_session.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>

namespace disposable {

namespace {

constexpr std::uint64_t kWorthShowing = 256U << 10U;

std::string mebibytes(std::uint64_t bytes) {
  constexpr std::uint64_t kTenthOfMiB = (1U << 20U) / 10;
  const std::uint64_t tenths = bytes / kTenthOfMiB;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

HttpProgress shown_in(ProgressLine& progress, const char* verb) {
  return [&progress, verb, last = std::uint64_t{0}](std::uint64_t done, std::uint64_t all) mutable {
    constexpr std::uint64_t kHundred = 100;
    const std::uint64_t percent = all == 0 ? 0 : done * kHundred / all;
    if (all < kWorthShowing || percent == last) {
      return;
    }
    last = percent;
    if (done == all) {
      progress.clear();
      return;
    }
    progress.show(std::string(verb) + " " + mebibytes(done) + " of " + mebibytes(all) + " MiB, " +
                  std::to_string(percent) + " %");
  };
}

// A closed one would be the number of the next connection, and what is printed would go there.
bool can_print() {
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

}  // namespace

Outcome<std::unique_ptr<ClientSession>> ClientSession::open(const ConnectionOptions& options) {
  if (!can_print()) {
    return client_fail(ClientFailure::kHere, "standard output is closed, or not for writing", "nothing was done yet");
  }
  Outcome<ClientConfiguration> configuration = read_client_configuration(client_configuration_path());
  if (!configuration) {
    return client_fail(configuration.error());
  }
  return std::unique_ptr<ClientSession>(new ClientSession(options, std::move(*configuration)));
}

ClientSession::ClientSession(const ConnectionOptions& options, ClientConfiguration configuration)
    : configuration_(std::move(configuration)) {
  // What cannot be written is an error then, and is kept elsewhere.
  for (const int signal : {SIGPIPE, SIGXFSZ}) {
    check(std::signal(signal, SIG_IGN) != SIG_ERR, "a signal can be ignored");
  }
  settings_.ca_file = options.ca_file.empty() ? configuration_.ca_file : options.ca_file;
  settings_.sent = shown_in(progress_, "sending");
  settings_.received = shown_in(progress_, "receiving");
  patience_.limit = options.patience;
  patience_.wait = [](std::chrono::milliseconds time) { ::poll(nullptr, 0, static_cast<int>(time.count())); };
  patience_.notice = [this](const std::string& reason) { progress_.show("trying again: " + reason); };
}

int ClientSession::failed(const ClientError& error) {
  progress_.clear();
  return print_error(static_cast<int>(error.failure), error.message, error.hint);
}

}  // namespace disposable
