#include "app/retrieve_command.h"

#include "app/client_input.h"
#include "app/interrupt_notice.h"
#include "app/received_parts.h"
#include "client/format_1.h"

namespace disposable {

namespace {

using Opener = std::function<Result<SecretBytes>(ByteView body)>;

// What was retrieved is spent, so this says what went wrong with it, and not to try again.
tl::unexpected<ClientError> cannot_open(const Error& error) {
  return error.code == Errc::kDenied
             ? client_fail(ClientFailure::kWrong, "the secret was retrieved, but the link's key does not open it")
             : client_fail(ClientFailure::kHere, "the secret was retrieved, but " + error.detail,
                           "a newer version of this program may know it");
}

struct Wanted {
  const ServerUrl& server;
  const SecretKey& key;
  const OutputOptions& output;
  bool json;
};

// What is known of it before it is spent.
struct Found {
  ServiceApi api;
  const SecretKey& key;
  SecretStatus status;
  Destination destination;
};

// Borrows what `wanted` borrows, and the session.
Outcome<Found> find(const Wanted& wanted, ClientSession& session) {
  ServiceApi api = session.api(wanted.server);
  Outcome<SecretStatus> status = api.status(wanted.key);
  const Outcome<void> live = status ? check_live(*status) : Outcome<void>(client_fail(status.error()));
  if (!live) {
    return client_fail(live.error());
  }
  Outcome<Destination> destination = open_destination(wanted.output, wanted.json, status->bytes);
  if (!destination) {
    return client_fail(destination.error());
  }
  return Found{api, wanted.key, std::move(*status), std::move(*destination)};
}

Outcome<void> spend(Found found, const Credentials& credentials, Opener open, ClientSession& session) {
  const InterruptNotice until_delivered;
  const Outcome<Retrieved> retrieved =
      found.api.retrieve(found.key, credentials, {found.status.bytes, std::move(open)});
  if (!retrieved) {
    return client_fail(retrieved.error());
  }
  session.progress().clear();
  if (!retrieved->container) {
    return cannot_open(retrieved->container.error());
  }
  const Result<std::vector<Part>> parts = decode_container(retrieved->container->expose());
  return parts ? deliver(*parts, std::move(found.destination), retrieved->views_left)
               : Outcome<void>(cannot_open(parts.error()));
}

Outcome<void> retrieve_secret(const SecretLink& link, const RetrieveOptions& options, ClientSession& session) {
  Outcome<Found> found = find({link.server, link.key, options.output, options.connection.json}, session);
  if (!found) {
    return client_fail(found.error());
  }
  const Outcome<SecretBytes> passphrase =
      found->status.passphrase ? given_passphrase(options.passphrase) : SecretBytes();
  if (!passphrase) {
    return client_fail(passphrase.error());
  }
  const LinkKeys keys = derive_link_keys(link.link_key.expose(), passphrase->expose());
  return spend(
      std::move(*found), {keys.proof.expose(), as_text(keys.server_passphrase.expose())},
      [&keys](ByteView body) { return open_secret(keys, body); }, session);
}

}  // namespace

Outcome<void> check_live(const SecretStatus& status) {
  if (!status.locked_until.empty()) {
    return client_fail(ClientFailure::kWrong, "it is locked after too many wrong attempts",
                       "try again after " + status.locked_until);
  }
  if (status.state == "live") {
    return {};
  }
  const std::string when = status.changed_at.empty() ? "" : " at " + status.changed_at;
  return status.state == "expired" ? client_fail(ClientFailure::kNotFound, "the secret has expired" + when)
                                   : client_fail(ClientFailure::kGone, "the secret was already " + status.state + when,
                                                 status.state == "retrieved" ? "if not by you, tell who sent it" : "");
}

Outcome<void> retrieve_answer(const OwnLink& link, const OutputOptions& output, bool json, ClientSession& session) {
  Outcome<Found> found = find({link.server, link.request_key, output, json}, session);
  if (!found) {
    return client_fail(found.error());
  }
  return spend(
      std::move(*found), {}, [&link](ByteView body) { return open_answer(link.asker, body); }, session);
}

int retrieve(const RetrieveOptions& options) {
  return in_session(options.connection, [&options](ClientSession& session) -> Outcome<void> {
    const Outcome<Link> link = given_link(options.link);
    if (!link) {
      return client_fail(link.error());
    }
    if (const SecretLink* secret = std::get_if<SecretLink>(&*link)) {
      return retrieve_secret(*secret, options, session);
    }
    return client_fail(ClientFailure::kUsage,
                       "retrieve takes a secret's link; this is " + std::string(link_kind(*link)),
                       std::holds_alternative<OwnLink>(*link) ? "'request --collect' retrieves the answer" : "");
  });
}

}  // namespace disposable
