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

// The file that keeps one's own link. It is made before the request, so that none exists whose own link is nowhere, and
// goes with the object unless the link is in it.
class LinkFile {
 public:
  LinkFile() = default;
  LinkFile(const LinkFile&) = delete;
  LinkFile& operator=(const LinkFile&) = delete;
  ~LinkFile() {
    if (file_ && !kept_) {
      ::unlink(path_.c_str());
    }
  }

  Outcome<void> create(const std::string& path) {
    path_ = path;
    file_.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
    return file_ ? Outcome<void>() : failed("cannot create ");
  }

  Outcome<void> keep(const SecretBytes& link) {
    const SecretBytes line = concatenated({link.expose(), as_bytes("\n")});
    const ssize_t written = ::write(file_.get(), line.expose().data(), line.size());
    // A server of files may say only then that its disk is full.
    kept_ = written == static_cast<ssize_t>(line.size()) && ::fsync(file_.get()) == 0;
    return kept_ ? Outcome<void>() : failed("cannot write ", "your own link is shown instead; keep it");
  }

 private:
  tl::unexpected<ClientError> failed(const char* what, const char* hint = "") const {
    return client_fail(ClientFailure::kHere, what + harmless_name(path_) + ": " + std::strerror(errno), hint);
  }

  std::string path_;
  FileDescriptor file_;
  bool kept_ = false;
};

struct Asked {
  SecretBytes fill;
  SecretBytes own;
};

// The links of a request that the server has made.
Outcome<Asked> links_of(const CreatedRequest& created, const ServerUrl& server, Random& random) {
  Result<SecretKey> fill_key = SecretKey::parse(created.fill_key);
  Result<SecretKey> fill_key_again = SecretKey::parse(created.fill_key);
  Result<SecretKey> request_key = SecretKey::parse(created.request_key);
  if (!fill_key || !fill_key_again || !request_key) {
    return client_fail(ClientFailure::kUnavailable, "the server's answer has no keys of a request");
  }
  P256Key asker = P256Key::generate(random);
  SecretBytes fill = FillLink{server, std::move(*fill_key), asker.public_key()}.format();
  return Asked{std::move(fill),
               OwnLink{server, std::move(*fill_key_again), std::move(*request_key), std::move(asker)}.format()};
}

Outcome<void> ask(const RequestOptions& options, ClientSession& session) {
  if (!options.wait || !options.output.path.empty() || options.output.force) {
    return client_fail(ClientFailure::kUsage, "--no-wait, --output and --force are for --collect");
  }
  const Outcome<ServerUrl> server = chosen_server(options.connection, session.configuration());
  const Outcome<std::string> token = server ? chosen_token(*server, session.configuration()) : std::string{};
  if (!server || !token) {
    return client_fail(server ? token.error() : server.error());
  }
  LinkFile file;
  const bool to_file = !options.own_link_file.empty();
  Outcome<void> made = to_file ? file.create(options.own_link_file) : Outcome<void>();
  if (!made) {
    return made;
  }
  const Outcome<CreatedRequest> created = session.api(*server).create_request(options.ttl, options.webhook, *token);
  const Outcome<Asked> links =
      created ? links_of(*created, *server, session.random()) : Outcome<Asked>(client_fail(created.error()));
  if (!links) {
    return client_fail(links.error());
  }
  Outcome<void> kept = to_file ? file.keep(links->own) : Outcome<void>();
  if (options.connection.json) {
    nlohmann::json object = {{"link", as_text(links->fill.expose())},
                             {"own_link", as_text(links->own.expose())},
                             {"expires_at", created->expires_at}};
    add_webhook(object, created->webhook);
    print_json(object);
    return kept;
  }
  if (!options.webhook.empty()) {
    print_webhook(created->webhook);
  }
  if (!to_file || !kept) {
    print_noted_link("Your own link, which opens the answer; keep it to yourself", links->own);
  }
  print_link(links->fill, options.qr);
  return kept;
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
      return client_fail(ClientFailure::kNoAnswerYet, "there is no answer yet");
    } else {
      failures = 0;
      session.progress().show("waiting for the answer, until " + status->expires_at + " at the longest");
    }
    const auto asked_for = status ? std::chrono::seconds(0) : status.error().retry_after;
    session.wait(std::max<milliseconds>(pause, std::min<milliseconds>(asked_for, kLongest)));
  }
}

Outcome<void> collect(const RequestOptions& options, ClientSession& session) {
  if (options.ttl || options.qr || !options.own_link_file.empty() || !options.webhook.empty()) {
    return client_fail(ClientFailure::kUsage, "--collect takes no --ttl, --own-link-file, --webhook or --qr",
                       "they are for making a request");
  }
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
