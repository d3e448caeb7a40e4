// Goal: the client and the page agree on the end-to-end format, byte by byte.
// Method: the vectors that the page's own code wrote, both ways: what is sealed here is what they hold, and what they
// hold opens here; what they refuse is refused.

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "client/container.h"
#include "client/format_1.h"
#include "client/link.h"
#include "crypto/base64url.h"

namespace disposable {

namespace {

using Json = nlohmann::json;

const Json& vectors() {
  static const Json kVectors = Json::parse(std::ifstream(DISPOSABLE_VECTORS));
  return kVectors;
}

std::string text(const Json& object, const char* name) { return object.at(name).get<std::string>(); }

Bytes bytes(const Json& object, const char* name) { return from_hex(text(object, name)).value(); }

GcmNonce nonce(const Json& object) {
  const Bytes read = bytes(object, "nonce");
  GcmNonce out{};
  REQUIRE(read.size() == out.size());
  std::copy(read.begin(), read.end(), out.begin());
  return out;
}

std::string hex(const SecretBytes& secret) { return to_hex(secret.expose()); }

LinkKeys keys_of(const Json& vector) {
  return derive_link_keys(bytes(vector, "link_key"), as_bytes(text(vector, "passphrase")));
}

std::string fragment_of(const std::string& page, const Json& fragment) {
  return "https://secrets.example/" + page + "#" + fragment.get<std::string>();
}

}  // namespace

TEST_CASE("container: the vectors are written and read as they are") {
  for (const Json& vector : vectors().at("containers")) {
    CAPTURE(text(vector, "name"));
    std::vector<Part> parts;
    for (const Json& part : vector.at("parts")) {
      parts.push_back({text(part, "kind") == "text" ? Part::Kind::kText : Part::Kind::kFile, text(part, "name"),
                       SecretBytes::copy_of(bytes(part, "bytes"))});
    }
    CHECK(hex(encode_container(parts)) == text(vector, "container"));
    const Result<std::vector<Part>> read = decode_container(bytes(vector, "container"));
    REQUIRE(read);
    REQUIRE(read->size() == parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i) {
      CHECK((*read)[i].kind == parts[i].kind);
      CHECK((*read)[i].name == parts[i].name);
      CHECK(hex((*read)[i].content) == hex(parts[i].content));
    }
  }
  for (const Json& vector : vectors().at("refused").at("containers")) {
    CAPTURE(text(vector, "name"));
    CHECK_FALSE(decode_container(bytes(vector, "container")));
  }
}

TEST_CASE("secret: the vectors are sealed and opened as they are") {
  for (const Json& vector : vectors().at("secrets")) {
    CAPTURE(text(vector, "name"));
    const LinkKeys keys = keys_of(vector);
    CHECK(hex(keys.proof) == text(vector, "proof"));
    CHECK(as_text(keys.server_passphrase.expose()) == text(vector, "server_passphrase"));
    CHECK(hex(keys.content) == text(vector, "content_key"));
    const SecretBytes container = SecretBytes::copy_of(bytes(vector, "container"));
    CHECK(to_hex(seal_secret(keys, nonce(vector), container)) == text(vector, "body"));
    const Result<SecretBytes> opened = open_secret(keys, bytes(vector, "body"));
    REQUIRE(opened);
    CHECK(hex(*opened) == text(vector, "container"));
  }
  for (const Json& vector : vectors().at("refused").at("secrets")) {
    CAPTURE(text(vector, "name"));
    const Result<SecretBytes> opened = open_secret(keys_of(vector), bytes(vector, "body"));
    CHECK_FALSE((opened && decode_container(opened->expose())));
  }
}

TEST_CASE("request: the vectors are sealed and opened as they are") {
  for (const Json& vector : vectors().at("requests")) {
    CAPTURE(text(vector, "name"));
    const P256Key asker = P256Key::from(bytes(vector, "asker_secret"), bytes(vector, "asker_public")).value();
    const P256Key ephemeral =
        P256Key::from(bytes(vector, "ephemeral_secret"), bytes(vector, "ephemeral_public")).value();
    CHECK(hex(ephemeral.agree(asker.public_key()).value()) == text(vector, "shared"));
    const SecretBytes container = SecretBytes::copy_of(bytes(vector, "container"));
    CHECK(to_hex(seal_answer(ephemeral, asker.public_key(), nonce(vector), container).value()) == text(vector, "body"));
    const Result<SecretBytes> opened = open_answer(asker, bytes(vector, "body"));
    REQUIRE(opened);
    CHECK(hex(*opened) == text(vector, "container"));
  }
  for (const Json& vector : vectors().at("refused").at("requests")) {
    CAPTURE(text(vector, "name"));
    const P256Key asker = P256Key::from(bytes(vector, "asker_secret"), bytes(vector, "asker_public")).value();
    const Result<SecretBytes> opened = open_answer(asker, bytes(vector, "body"));
    CHECK_FALSE((opened && decode_container(opened->expose())));
  }
}

TEST_CASE("link: the vectors are read and written as they are") {
  for (const Json& vector : vectors().at("secrets")) {
    const Link link = parse_link(text(vector, "link")).value();
    const SecretLink& secret = std::get<SecretLink>(link);
    CHECK(hex(secret.link_key) == text(vector, "link_key"));
    CHECK(as_text(secret.key.format().expose()) == text(vector, "secret_key"));
    CHECK(as_text(secret.format().expose()) == text(vector, "link"));
  }
  for (const Json& vector : vectors().at("requests")) {
    const Link fill = parse_link(text(vector, "fill_link")).value();
    CHECK(to_hex(std::get<FillLink>(fill).asker) == text(vector, "asker_public"));
    CHECK(as_text(std::get<FillLink>(fill).format().expose()) == text(vector, "fill_link"));
    const Link own = parse_link(text(vector, "request_link")).value();
    CHECK(as_text(std::get<OwnLink>(own).request_key.format().expose()) == text(vector, "request_key"));
    CHECK(as_text(std::get<OwnLink>(own).format().expose()) == text(vector, "request_link"));
  }
  for (const Json& vector : vectors().at("receipts")) {
    const Link receipt = parse_link(text(vector, "receipt_link")).value();
    CHECK(as_text(std::get<ReceiptLink>(receipt).key.expose()) == text(vector, "receipt_key"));
    CHECK(as_text(std::get<ReceiptLink>(receipt).format().expose()) == text(vector, "receipt_link"));
  }
}

TEST_CASE("link: fragments that the vectors refuse are refused") {
  const Json& fragments = vectors().at("refused").at("fragments");
  for (const auto& [kind, page] : {std::pair{"secret", "s"}, std::pair{"receipt", "r"}}) {
    for (const Json& fragment : fragments.at(kind)) {
      CAPTURE(fragment);
      CHECK_FALSE(parse_link(fragment_of(page, fragment)));
    }
  }
  // One page has both kinds, so one may be read as the other.
  for (const Json& fragment : fragments.at("fill")) {
    const Result<Link> link = parse_link(fragment_of("q", fragment));
    CHECK_FALSE((link && std::holds_alternative<FillLink>(*link)));
  }
  for (const Json& fragment : fragments.at("request")) {
    const Result<Link> link = parse_link(fragment_of("q", fragment));
    CHECK_FALSE((link && std::holds_alternative<OwnLink>(*link)));
  }
}

}  // namespace disposable
