#include "http/creators.h"

#include <algorithm>

namespace disposable {

namespace {

constexpr tl::unexpected<CreationRefusal> kUnauthorized{CreationRefusal::kUnauthorized};
constexpr tl::unexpected<CreationRefusal> kForbidden{CreationRefusal::kForbidden};

// What follows the scheme; nothing when it is another scheme.
std::optional<std::string_view> bearer(std::string_view credentials) {
  constexpr std::string_view kScheme = "Bearer";
  const std::size_t blank = std::min(credentials.find(' '), credentials.size());
  if (!equal_ignoring_case(credentials.substr(0, blank), kScheme)) {
    return std::nullopt;
  }
  return credentials.substr(std::min(credentials.find_first_not_of(' ', blank), credentials.size()));
}

}  // namespace

std::string idempotency_principal(const Request& request) {
  if (!request.principal.empty()) {
    return std::string(request.principal);
  }
  const std::optional<IpAddress> ip = IpAddress::parse(request.address);
  if (!ip) {
    return "from:" + std::string(request.address);
  }
  const ClientPrefix prefix = ip->client_prefix();
  return (prefix.is_v4 ? "v4:" : "v6:") + std::to_string(prefix.bits);
}

CreatorTokens::CreatorTokens(std::vector<CreatorToken> tokens) : tokens_(std::move(tokens)) {
  std::sort(tokens_.begin(), tokens_.end(), [](const CreatorToken& a, const CreatorToken& b) { return a.id < b.id; });
}

const CreatorToken* CreatorTokens::find(std::string_view text) const {
  const std::optional<TokenDigest> digest = token_digest(text);
  if (!digest) {
    return nullptr;
  }
  const std::string id = token_id(*digest);
  const auto found =
      std::lower_bound(tokens_.begin(), tokens_.end(), id,
                       [](const CreatorToken& token, const std::string& sought) { return token.id < sought; });
  const bool same =
      found != tokens_.end() && found->id == id && equal_constant_time(found->digest.bytes, digest->bytes);
  return same ? &*found : nullptr;
}

Result<void> CreatorRules::add(std::string_view word) {
  if (word == "open" || word == "token") {
    (word == "open" ? open_ : token_) = true;
    return {};
  }
  const Result<Cidr> range = Cidr::parse(word);
  if (!range) {
    return fail(range.error());
  }
  ranges_.push_back(*range);
  return {};
}

bool CreatorRules::holds(const ClientAddress& client) const {
  return client.ip && std::any_of(ranges_.begin(), ranges_.end(),
                                  [&client](const Cidr& range) { return range.contains(*client.ip); });
}

Principal Creators::admit(const ClientAddress& client, const std::vector<HeaderField>& headers, WallTime now) const {
  std::optional<std::string_view> shown;
  std::size_t fields = 0;
  for (const HeaderField& field : headers) {
    if (equal_ignoring_case(field.name, "Authorization")) {
      ++fields;
      shown = shown ? shown : bearer(field.value);
    }
  }
  const bool may_without = rules.open() || rules.holds(client);
  if (!shown) {
    return may_without ? Principal{} : rules.by_token() ? Principal{kUnauthorized} : Principal{kForbidden};
  }
  const CreatorToken* token = fields == 1 ? tokens->find(*shown) : nullptr;
  if (token == nullptr || (token->expires_at && *token->expires_at <= now)) {
    return kUnauthorized;
  }
  return may_without || rules.by_token() ? Principal{token->id} : Principal{kForbidden};
}

}  // namespace disposable
