// ApiFixture for API v2: requests and answers as JSON, and what a link's key would give.

#pragma once

#include <nlohmann/json.hpp>

#include "http/api_fixture.h"

namespace disposable {

using Json = nlohmann::json;

// base64url of bytes 0 to 31, and of 32 others.
inline constexpr std::string_view kProof = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
inline constexpr std::string_view kOtherProof = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
inline constexpr std::string_view kClaim = "AAECAwQFBgcICQoLDA0ODw";
inline constexpr std::string_view kOtherClaim = "AQECAwQFBgcICQoLDA0ODw";
inline constexpr std::string_view kUnknownKey = "550e8400-e29b-41d4-a716-446655440000";
inline constexpr std::string_view kSecrets = "/api/v2/secrets";
inline const std::vector<HeaderField> kBytes = {{"Content-Type", "application/octet-stream"}};

// Parsed; of an answer that is no JSON its bytes as a string.
struct Answer {
  int status = 0;
  Json body{};
  Response response{};

  std::string problem() const {
    const std::string type = body.is_object() ? body.value("type", "") : "";
    return type.starts_with(kProblemTypePrefix) ? type.substr(kProblemTypePrefix.size()) : "(none) " + body.dump();
  }
};

struct ApiV2Fixture : ApiFixture {
  Answer send(std::string_view path, std::string_view body, const std::vector<HeaderField>& headers = {}) const {
    Response response = call({"POST", path, body, headers});
    const bool json = response.content_type != "application/octet-stream";
    Json parsed = json ? Json::parse(body_of(response)) : Json(body_of(response));
    const int status = response.status;
    return {status, std::move(parsed), std::move(response)};
  }
  Answer post(std::string_view path, const Json& body) const { return send(path, body.dump()); }

  // What creation answered.
  Json create(std::string_view bytes, std::vector<HeaderField> options = {}) const {
    options.push_back(kBytes.front());
    const Answer created = send(kSecrets, bytes, options);
    CAPTURE(created.body.dump());
    REQUIRE(created.status == 201);
    CHECK(SecretKey::parse(created.body.at("secret_key").get<std::string>()).has_value());
    CHECK(ReceiptKey::parse(created.body.at("receipt_key").get<std::string>()).has_value());
    return created.body;
  }
  Answer retrieve(const Json& secret_key, Json more = Json::object()) const {
    more["secret_key"] = secret_key;
    return post("/api/v2/secrets/retrieve", more);
  }
  Answer remove(const Json& secret_key, Json more = Json::object()) const {
    more["secret_key"] = secret_key;
    return post("/api/v2/secrets/delete", more);
  }
  Json status(const Json& secret_key) const {
    return post("/api/v2/secrets/status", {{"secret_key", secret_key}}).body;
  }
};

}  // namespace disposable
