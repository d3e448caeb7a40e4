#include "app/link_commands.h"

#include <nlohmann/json.hpp>

#include "app/client_input.h"
#include "app/client_session.h"
#include "app/retrieve_command.h"
#include "client/format_1.h"

namespace disposable {

namespace {

Outcome<SecretStatus> status_of(const Link& link, ClientSession& session) {
  if (const SecretLink* secret = std::get_if<SecretLink>(&link)) {
    return session.api(secret->server).status(secret->key);
  }
  if (const ReceiptLink* receipt = std::get_if<ReceiptLink>(&link)) {
    return session.api(receipt->server).receipt_status(receipt->key);
  }
  if (const FillLink* fill = std::get_if<FillLink>(&link)) {
    return session.api(fill->server).request_status(fill->fill_key);
  }
  const OwnLink& own = std::get<OwnLink>(link);
  return session.api(own.server).request_status(own.fill_key);
}

bool is_request(const Link& link) {
  return std::holds_alternative<FillLink>(link) || std::holds_alternative<OwnLink>(link);
}

// Name and value of all that is known, in the order in which it is shown.
std::vector<std::pair<std::string, std::string>> lines_of(const SecretStatus& status, bool request) {
  std::vector<std::pair<std::string, std::string>> lines = {{"state", status.state}};
  if (!status.created_at.empty()) {
    lines.emplace_back("created", status.created_at);
  }
  lines.emplace_back("expires", status.expires_at);
  if (!status.changed_at.empty()) {
    lines.emplace_back("changed", status.changed_at);
  }
  if (!request) {
    lines.emplace_back("views left", std::to_string(status.views_left) + " of " + std::to_string(status.views));
    lines.emplace_back("passphrase", status.passphrase ? "yes" : "no");
    lines.emplace_back("bytes", std::to_string(status.bytes));
  }
  if (!status.locked_until.empty()) {
    lines.emplace_back("locked until", status.locked_until);
  }
  return lines;
}

nlohmann::json json_of(const SecretStatus& status, bool request) {
  nlohmann::json object = {{"state", status.state}, {"expires_at", status.expires_at}};
  for (const auto& [name, value] :
       {std::pair{"created_at", &status.created_at}, std::pair{"changed_at", &status.changed_at},
        std::pair{"locked_until", &status.locked_until}}) {
    if (!value->empty()) {
      object[name] = *value;
    }
  }
  if (!request) {
    object["views"] = status.views;
    object["views_left"] = status.views_left;
    object["passphrase"] = status.passphrase;
    object["bytes"] = status.bytes;
  }
  return object;
}

std::string text_of(const SecretStatus& status, bool request) {
  constexpr std::size_t kColumn = 14;
  std::string text;
  for (const auto& [name, value] : lines_of(status, request)) {
    text.append(name).append(kColumn - name.size(), ' ').append(value).append("\n");
  }
  return text;
}

Outcome<std::string> delete_secret(const SecretLink& link, const DeleteOptions& options, ClientSession& session) {
  ServiceApi api = session.api(link.server);
  const Outcome<SecretStatus> status = api.status(link.key);
  const Outcome<void> live = status ? check_live(*status) : Outcome<void>(client_fail(status.error()));
  if (!live) {
    return client_fail(live.error());
  }
  const Outcome<SecretBytes> passphrase = status->passphrase ? given_passphrase(options.passphrase) : SecretBytes();
  if (!passphrase) {
    return client_fail(passphrase.error());
  }
  const LinkKeys keys = derive_link_keys(link.link_key.expose(), passphrase->expose());
  return api.delete_secret(link.key, {keys.proof.expose(), as_text(keys.server_passphrase.expose())});
}

Outcome<std::string> delete_what(const Link& link, const DeleteOptions& options, ClientSession& session) {
  if (const SecretLink* secret = std::get_if<SecretLink>(&link)) {
    return delete_secret(*secret, options, session);
  }
  if (const ReceiptLink* receipt = std::get_if<ReceiptLink>(&link)) {
    return session.api(receipt->server).delete_by_receipt(receipt->key);
  }
  if (const OwnLink* own = std::get_if<OwnLink>(&link)) {
    return session.api(own->server).delete_request(own->fill_key, own->request_key);
  }
  return client_fail(ClientFailure::kUsage, "only who asked can delete a request, by the link of his own");
}

}  // namespace

int show_status(const StatusOptions& options) {
  return in_session(options.connection, [&options](ClientSession& session) -> Outcome<void> {
    const Outcome<Link> link = given_link(options.link);
    if (!link) {
      return client_fail(link.error());
    }
    if (options.receipt && !std::holds_alternative<ReceiptLink>(*link)) {
      return client_fail(ClientFailure::kUsage,
                         "receipt takes a receipt's link; this is " + std::string(link_kind(*link)),
                         "'status' takes any link");
    }
    const Outcome<SecretStatus> status = status_of(*link, session);
    if (!status) {
      return client_fail(status.error());
    }
    if (options.connection.json) {
      print_json(json_of(*status, is_request(*link)));
    } else {
      print(text_of(*status, is_request(*link)));
    }
    return {};
  });
}

int delete_by_link(const DeleteOptions& options) {
  return in_session(options.connection, [&options](ClientSession& session) -> Outcome<void> {
    const Outcome<Link> link = given_link(options.link);
    const Outcome<std::string> when =
        link ? delete_what(*link, options, session) : Outcome<std::string>(client_fail(link.error()));
    if (!when) {
      return client_fail(when.error());
    }
    session.progress().clear();
    if (options.connection.json) {
      nlohmann::json object = {{"state", "deleted"}};
      if (!when->empty()) {  // not known when its answer was lost
        object["deleted_at"] = *when;
      }
      print_json(object);
    } else {
      print("deleted\n");
    }
    return {};
  });
}

}  // namespace disposable
