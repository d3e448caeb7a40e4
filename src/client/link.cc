#include "client/link.h"

#include <algorithm>
#include <array>
#include <optional>

#include "client/format_1.h"
#include "client/key_derivation.h"
#include "crypto/base64url.h"

namespace disposable {

namespace {

constexpr std::size_t kReceiptKeySize = 48;
constexpr std::string_view kSpace = " \t\r\n";

tl::unexpected<Error> no_link() {
  return fail(Errc::kInvalidArgument, "this is no link of a secret, a receipt or a request, or it is not complete");
}

// The parts between dots; nothing when there are more than three.
std::optional<std::array<std::string_view, 3>> split(std::string_view fragment) {
  std::array<std::string_view, 3> parts;
  for (std::string_view& part : parts) {
    const std::size_t dot = fragment.find('.');
    part = fragment.substr(0, dot);
    if (dot == std::string_view::npos) {
      return parts;
    }
    fragment.remove_prefix(dot + 1);
    if (fragment.empty()) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

Result<Link> parse_secret(const ServerUrl& server, const std::array<std::string_view, 3>& parts) {
  Result<SecretKey> key = SecretKey::parse(parts[0]);
  Result<SecretBytes> link_key = base64url_decode(parts[1]);
  if (!key || !link_key || link_key->size() != kLinkKeySize || !parts[2].empty()) {
    return no_link();
  }
  return SecretLink{server, std::move(*key), std::move(*link_key)};
}

Result<Link> parse_receipt(const ServerUrl& server, std::string_view fragment) {
  const Result<SecretBytes> key = base64url_decode(fragment);
  if (!key || key->size() != kReceiptKeySize) {
    return no_link();
  }
  return ReceiptLink{server, SecretBytes::copy_of(as_bytes(fragment))};
}

Result<Link> parse_request(const ServerUrl& server, const std::array<std::string_view, 3>& parts) {
  Result<SecretKey> fill_key = SecretKey::parse(parts[0]);
  if (!fill_key) {
    return no_link();
  }
  const bool own = !parts[2].empty();
  const Result<SecretBytes> keys = base64url_decode(parts[own ? 2 : 1]);
  if (!keys || keys->size() != (own ? kP256ScalarSize : 0) + kP256PublicSize) {
    return no_link();
  }
  if (!own) {
    if (!is_p256_public(keys->expose())) {
      return no_link();
    }
    FillLink link{server, std::move(*fill_key), {}};
    std::copy(keys->expose().begin(), keys->expose().end(), link.asker.begin());
    return link;
  }
  Result<SecretKey> request_key = SecretKey::parse(parts[1]);
  Result<P256Key> asker = P256Key::from(keys->expose().first(kP256ScalarSize), keys->expose().subspan(kP256ScalarSize));
  if (!request_key || !asker) {
    return no_link();
  }
  return OwnLink{server, std::move(*fill_key), std::move(*request_key), std::move(*asker)};
}

SecretBytes link_text(const ServerUrl& server, std::string_view page, std::initializer_list<ByteView> parts) {
  SecretBytes text = concatenated({as_bytes(server.base()), as_bytes(page)});
  std::string_view separator;
  for (const ByteView part : parts) {
    text = concatenated({text.expose(), as_bytes(separator), part});
    separator = ".";
  }
  return text;
}

}  // namespace

SecretBytes SecretLink::format() const {
  return link_text(server, "/s#", {key.format().expose(), base64url_encode_secret(link_key.expose()).expose()});
}

SecretBytes ReceiptLink::format() const { return link_text(server, "/r#", {key.expose()}); }

SecretBytes FillLink::format() const {
  return link_text(server, "/q#", {fill_key.format().expose(), base64url_encode_secret(asker).expose()});
}

SecretBytes OwnLink::format() const {
  const SecretBytes keys = concatenated({asker.scalar(), asker.public_key()});
  return link_text(
      server, "/q#",
      {fill_key.format().expose(), request_key.format().expose(), base64url_encode_secret(keys.expose()).expose()});
}

Result<Link> parse_link(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  text = first == std::string_view::npos ? text.substr(0, 0)
                                         : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
  const std::size_t hash = text.find('#');
  const std::string_view address = text.substr(0, text.find_first_of("?#"));
  constexpr std::size_t kPageSize = 2;
  if (hash == std::string_view::npos || address.size() < kPageSize) {
    return no_link();
  }
  const std::string_view page = address.substr(address.size() - kPageSize);
  const std::string_view fragment = text.substr(hash + 1);
  const Result<ServerUrl> server = parse_server_url(address.substr(0, address.size() - kPageSize));
  if (!server) {
    return fail(server.error());
  }
  if (page == "/r") {
    return parse_receipt(*server, fragment);
  }
  const std::optional<std::array<std::string_view, 3>> parts = split(fragment);
  if (!parts || (page != "/s" && page != "/q")) {
    return no_link();
  }
  return page == "/s" ? parse_secret(*server, *parts) : parse_request(*server, *parts);
}

std::string_view link_kind(const Link& link) {
  constexpr std::array<std::string_view, 4> kKinds = {"a secret's link", "a receipt's link",
                                                      "a link to answer a request", "your own link of a request"};
  return kKinds[link.index()];
}

}  // namespace disposable
