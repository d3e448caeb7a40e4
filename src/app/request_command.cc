#include "app/request_command.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "app/client_input.h"
#include "app/client_session.h"
#include "app/link_output.h"
#include "app/retrieve_command.h"
#include "base/file_descriptor.h"
#include "client/key_derivation.h"
#include "client/terminal_text.h"

namespace disposable {

namespace {

using std::chrono::milliseconds;

// Before the request exists, so that none is made whose own link is nowhere.
Outcome<FileDescriptor> create_link_file(const std::string& path) {
  if (path.empty()) {
    return FileDescriptor();
  }
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) {
    return client_fail(ClientFailure::kHere, "cannot create " + harmless_name(path) + ": " + std::strerror(errno));
  }
  return file;
}

bool write_line(const FileDescriptor& file, const SecretBytes& text) {
  const SecretBytes line = concatenated({text.expose(), as_bytes("\n")});
  return ::write(file.get(), line.expose().data(), line.size()) == static_cast<ssize_t>(line.size());
}

Outcome<void> ask(const RequestOptions& options, ClientSession& session) {
  const Outcome<ServerUrl> server = chosen_server(options.connection, session.configuration());
  const Outcome<std::string> token = server ? chosen_token(*server, session.configuration()) : std::string{};
  if (!server || !token) {
    return client_fail(server ? token.error() : server.error());
  }
  const Outcome<FileDescriptor> file = create_link_file(options.own_link_file);
  if (!file) {
    return client_fail(file.error());
  }
  const Outcome<CreatedRequest> created = session.api(*server).create_request(options.ttl, options.webhook, *token);
  if (!created) {
    if (!options.own_link_file.empty()) {
      ::unlink(options.own_link_file.c_str());
    }
    return client_fail(created.error());
  }
  Result<SecretKey> fill_key = SecretKey::parse(created->fill_key);
  Result<SecretKey> fill_key_again = SecretKey::parse(created->fill_key);
  Result<SecretKey> request_key = SecretKey::parse(created->request_key);
  if (!fill_key || !fill_key_again || !request_key) {
    return client_fail(ClientFailure::kUnavailable, "the server's answer has no keys of a request");
  }
  P256Key asker = P256Key::generate(session.random());
  const SecretBytes fill = FillLink{*server, std::move(*fill_key), asker.public_key()}.format();
  const SecretBytes own =
      OwnLink{*server, std::move(*fill_key_again), std::move(*request_key), std::move(asker)}.format();
  const bool kept = *file && write_line(*file, own);
  if (options.connection.json) {
    nlohmann::json object = {
        {"link", as_text(fill.expose())}, {"own_link", as_text(own.expose())}, {"expires_at", created->expires_at}};
    add_webhook(object, created->webhook);
    print_json(object);
    return {};
  }
  if (!options.webhook.empty()) {
    print_webhook(created->webhook);
  }
  if (!kept) {
    print_noted_link("Your own link, which opens the answer; keep it to yourself", own);
  }
  print_link(fill, options.qr);
  return {};
}

// Until there is an answer. A server that is away for a while is waited for, too.
Outcome<void> wait_for_answer(const OwnLink& link, bool wait, ClientSession& session) {
  constexpr milliseconds kFirst{500};
  constexpr milliseconds kLongest{15'000};
  constexpr int kFailuresMost = 20;
  int failures = 0;
  for (milliseconds pause = kFirst;; pause = std::min(pause * 3 / 2, kLongest)) {
    const Outcome<SecretStatus> status = session.api(link.server).request_status(link.fill_key);
    if (!status) {
      const bool away = status.error().failure == ClientFailure::kUnavailable || status.error().retry_after.count() > 0;
      if (!wait || !away || ++failures > kFailuresMost) {
        return client_fail(status.error());
      }
    } else if (status->state == "filled") {
      return {};
    } else if (status->state != "waiting") {
      return status->state == "expired" ? client_fail(ClientFailure::kNotFound, "the request has expired")
                                        : client_fail(ClientFailure::kGone, "the request was " + status->state);
    } else if (!wait) {
      return client_fail(ClientFailure::kHere, "there is no answer yet");
    } else {
      failures = 0;
      session.progress().show("waiting for the answer, until " + status->expires_at + " at the longest");
    }
    const auto asked_for = status ? std::chrono::seconds(0) : status.error().retry_after;
    session.wait(std::max<milliseconds>(pause, std::min<milliseconds>(asked_for, kLongest)));
  }
}

Outcome<void> collect(const RequestOptions& options, ClientSession& session) {
  const Outcome<Link> link = given_link(*options.collect);
  const OwnLink* own = link ? std::get_if<OwnLink>(&*link) : nullptr;
  if (own == nullptr) {
    return link ? client_fail(ClientFailure::kUsage,
                              "--collect takes your own link of a request; this is " + std::string(link_kind(*link)))
                : client_fail(link.error());
  }
  const Outcome<void> answered = wait_for_answer(*own, options.wait, session);
  session.progress().clear();
  return answered ? retrieve_answer(*own, options.output, options.connection.json, session) : answered;
}

}  // namespace

int request_secret(const RequestOptions& options) {
  return in_session(options.connection, [&options](ClientSession& session) -> Outcome<void> {
    return options.collect ? collect(options, session) : ask(options, session);
  });
}

}  // namespace disposable
