#include "app/token_command.h"

#include <algorithm>
#include <cstdio>

#include "app/since.h"
#include "app/terminal.h"
#include "app/token_file.h"
#include "base/log.h"

namespace disposable {

namespace {

constexpr std::string_view kOtherFileHint = "name the service's data folder with --data-dir, or its token file";

std::string json_time(const std::optional<WallTime>& time) {
  return time ? "\"" + format_utc(*time) + "\"" : std::string("null");
}

std::string json_limit(std::uint64_t limit) { return limit == 0 ? std::string("null") : std::to_string(limit); }

// The inside of an object.
std::string json_members(const StoredToken& stored) {
  return "\"id\":\"" + stored.token.id + "\",\"name\":\"" + json_escape(stored.name) + "\",\"created\":\"" +
         format_utc(stored.created_at) + "\",\"expires\":" + json_time(stored.token.expires_at) +
         ",\"rate\":" + json_limit(stored.token.creates_per_minute) +
         ",\"bytes\":" + json_limit(stored.token.bytes_per_day);
}

std::string text_line(const StoredToken& stored, WallTime now) {
  const CreatorToken& token = stored.token;
  std::string line = token.id + "  created " + format_utc(stored.created_at);
  if (token.expires_at) {
    line += (*token.expires_at <= now ? "  expired " : "  expires ") + format_utc(*token.expires_at);
  }
  if (token.creates_per_minute != 0) {
    line += "  " + std::to_string(token.creates_per_minute) + " a minute";
  }
  if (token.bytes_per_day != 0) {
    line += "  " + std::to_string(token.bytes_per_day) + " bytes a day";
  }
  return line + (stored.name.empty() ? "" : "  " + stored.name) + "\n";
}

int create(const TokenOptions& options, WallTime now, Random& random) {
  const SecretBytes token = generate_token(random);
  StoredToken stored;
  stored.token.digest = token_digest(as_text(token.expose())).value();
  stored.token.id = token_id(stored.token.digest);
  stored.token.creates_per_minute = options.creates_per_minute;
  stored.token.bytes_per_day = options.bytes_per_day;
  stored.name = options.name;
  stored.created_at = std::chrono::floor<std::chrono::seconds>(now);
  if (!options.expires.empty()) {
    stored.token.expires_at = stored.created_at + parse_span(options.expires).value();
  }
  const Result<void> made =
      change_token_file(options.paths.tokens(), [&stored](std::vector<StoredToken>& tokens) -> Result<void> {
        if (tokens.size() >= kTokensMax) {
          return fail(Errc::kInvalidArgument, "there are " + std::to_string(kTokensMax) + " tokens, which is the most");
        }
        // Two ids of 48 random bits that are the same: the file would be damaged.
        if (std::any_of(tokens.begin(), tokens.end(),
                        [&stored](const StoredToken& other) { return other.token.id == stored.token.id; })) {
          return fail(Errc::kAlreadyExists, "the id of the new token is taken; run this again");
        }
        tokens.push_back(stored);
        return {};
      });
  if (!made) {
    return print_error(kExitFailure, made.error().detail);
  }
  print(options.json ? "{\"token\":\"" : "");
  print(as_text(token.expose()));
  print(options.json ? "\"," + json_members(stored) + "}\n" : "\n");
  if (!options.json) {
    const std::string note = "id " + text_line(stored, now) + "The token above is not shown again.\n";
    std::fwrite(note.data(), 1, note.size(), stderr);
  }
  return kExitSuccess;
}

int list(const TokenOptions& options, WallTime now) {
  const Result<std::vector<StoredToken>> tokens = read_token_file(options.paths.tokens());
  if (!tokens) {
    return print_error(kExitFailure, tokens.error().detail);
  }
  for (const StoredToken& each : *tokens) {
    print(options.json ? "{" + json_members(each) + "}\n" : text_line(each, now));
  }
  return kExitSuccess;
}

int revoke(const TokenOptions& options) {
  const Result<void> revoked =
      change_token_file(options.paths.tokens(), [&options](std::vector<StoredToken>& tokens) -> Result<void> {
        const auto found = std::find_if(tokens.begin(), tokens.end(), [&options](const StoredToken& stored) {
          return stored.token.id == options.id;
        });
        if (found == tokens.end()) {
          // What was typed is not repeated: it may be the token itself.
          return fail(Errc::kNotFound, "no token in " + options.paths.tokens().string() + " has this id");
        }
        tokens.erase(found);
        return {};
      });
  if (!revoked) {
    return print_error(kExitFailure, revoked.error().detail,
                       revoked.error().code == Errc::kNotFound ? kOtherFileHint : std::string_view{});
  }
  print(options.json ? "{\"revoked\":\"" + options.id + "\"}\n" : "revoked " + options.id + "\n");
  return kExitSuccess;
}

}  // namespace

std::string token_name_problem(const std::string& name) {
  return is_token_name(name) ? std::string{} : "a name has at most 64 bytes of UTF-8 and no control characters";
}

std::string token_span_problem(const std::string& span) {
  const Result<std::chrono::seconds> parsed = parse_span(span);
  return parsed && parsed->count() > 0 ? std::string{} : "this is no time like 90s, 15m, 24h or 30d";
}

int change_tokens(const TokenOptions& options, Clock& clock, Random& random) {
  if (options.what == "create") {
    return create(options, clock.now(), random);
  }
  return options.what == "list" ? list(options, clock.now()) : revoke(options);
}

}  // namespace disposable
