// Links: what people hand to each other. All are capabilities; what is behind '#' never reaches a server by itself.
//
//   BASE/s#<secret key>.<link key>                        a secret
//   BASE/r#<receipt key>                                  its receipt: what became of it
//   BASE/q#<fill key>.<public key>                        a request, for who answers it
//   BASE/q#<fill key>.<request key>.<scalar, public key>  the same, for who asked
//
// BASE is ServerUrl::base(). A query before '#', such as the page's ?lang=de, is not part of the link.
//
// Thread-compatible values, of which the secret parts are wiped.

#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "client/p256.h"
#include "client/server_url.h"
#include "crypto/secret_key.h"

namespace disposable {

struct SecretLink {
  ServerUrl server;
  SecretKey key;
  SecretBytes link_key;  // 32 bytes

  SecretBytes format() const;
};

struct ReceiptLink {
  ServerUrl server;
  SecretBytes key;  // 64 characters

  SecretBytes format() const;
};

struct FillLink {
  ServerUrl server;
  SecretKey fill_key;
  P256Public asker;

  SecretBytes format() const;
};

struct OwnLink {
  ServerUrl server;
  SecretKey fill_key;
  SecretKey request_key;
  P256Key asker;

  SecretBytes format() const;
};

using Link = std::variant<SecretLink, ReceiptLink, FillLink, OwnLink>;

// White space around the text does not matter. kInvalidArgument, with a sentence that says nothing of the text's secret
// parts: it is no link, or a part of it is missing or damaged.
Result<Link> parse_link(std::string_view text);

// "a receipt's link", for a sentence.
std::string_view link_kind(const Link& link);

}  // namespace disposable
