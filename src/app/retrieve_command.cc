#include "app/retrieve_command.h"

#include "app/client_input.h"
#include "app/interrupt_notice.h"
#include "app/received_parts.h"
#include "client/format_1.h"

namespace disposable {

namespace {

// What was retrieved is spent, so this says what went wrong with it, and not to try again.
tl::unexpected<ClientError> cannot_open(const Error& error) {
  return error.code == Errc::kDenied
             ? client_fail(ClientFailure::kWrong, "the secret was retrieved, but the link's key does not open it")
             : client_fail(ClientFailure::kHere, "the secret was retrieved, but " + error.detail,
                           "a newer version of this program may know it");
}

Outcome<void> deliver_opened(const Result<SecretBytes>& container, const OutputOptions& output, bool json,
                             const RetrievedBody& retrieved) {
  if (!container) {
    return retrieved.counted ? cannot_open(container.error()) : client_fail(another_server());
  }
  const Result<std::vector<Part>> parts = decode_container(container->expose());
  return parts ? deliver(*parts, output, json, retrieved.views_left) : Outcome<void>(cannot_open(parts.error()));
}

Outcome<void> retrieve_secret(const SecretLink& link, const RetrieveOptions& options, ClientSession& session) {
  Outcome<void> writable = check_output(options.output);
  if (!writable) {
    return writable;
  }
  ServiceApi api = session.api(link.server);
  const Outcome<SecretStatus> status = api.status(link.key);
  if (!status) {
    return client_fail(status.error());
  }
  Outcome<void> live = check_live(*status);
  if (!live) {
    return live;
  }
  const Outcome<SecretBytes> passphrase = status->passphrase ? given_passphrase(options.passphrase) : SecretBytes();
  if (!passphrase) {
    return client_fail(passphrase.error());
  }
  const LinkKeys keys = derive_link_keys(link.link_key.expose(), passphrase->expose());
  const InterruptNotice until_delivered;
  const Outcome<RetrievedBody> retrieved =
      api.retrieve(link.key, {keys.proof.expose(), as_text(keys.server_passphrase.expose())});
  if (!retrieved) {
    return client_fail(retrieved.error());
  }
  session.progress().clear();
  return deliver_opened(open_secret(keys, retrieved->body.expose()), options.output, options.connection.json,
                        *retrieved);
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
  Outcome<void> writable = check_output(output);
  if (!writable) {
    return writable;
  }
  ServiceApi api = session.api(link.server);
  const InterruptNotice until_delivered;
  const Outcome<RetrievedBody> retrieved = api.retrieve(link.request_key, {});
  if (!retrieved) {
    return client_fail(retrieved.error());
  }
  session.progress().clear();
  return deliver_opened(open_answer(link.asker, retrieved->body.expose()), output, json, *retrieved);
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
