// Goal: openapi.json says what the table of operations says, and is whole. Method: both are compared as sets.

#include "http/openapi.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "crypto/base64url.h"
#include "http/api.h"
#include "http/bodies_v2.h"
#include "http/problem.h"

namespace disposable {

namespace {

using Json = nlohmann::json;

Json document() { return Json::parse(openapi_json()); }

// "METHOD path status" for everything that is answered. A defect is any operation's, so it stands under `default`.
std::set<std::string> documented() {
  std::set<std::string> all;
  const Json paths = document().at("paths");
  for (const auto& [path, item] : paths.items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method == "parameters") {
        continue;
      }
      std::string upper = method;
      std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) { return static_cast<char>(c - 32); });
      for (const auto& [status, response] : operation.at("responses").items()) {
        all.insert(upper + " " + path + " " + status);
      }
    }
  }
  return all;
}

// Calls visit(key, value) for every member of every object, however deep.
void walk(const Json& node, const std::function<void(const std::string&, const Json&)>& visit) {
  for (const auto& [key, value] : node.items()) {
    if (node.is_object()) {
      visit(key, value);
    }
    if (value.is_structured()) {
      walk(value, visit);
    }
  }
}

}  // namespace

TEST_CASE("openapi: it documents exactly the operations and statuses of the routing table") {
  std::set<std::string> answered;
  for (const Api::Operation& operation : Api::operations()) {
    const std::string name = std::string(operation.method) + " " + std::string(operation.pattern) + " ";
    for (const int status : operation.statuses) {
      answered.insert(name + (status == 500 ? "default" : std::to_string(status)));
    }
    answered.insert(name + "default");
  }
  CHECK(documented() == answered);
}

TEST_CASE("openapi: every reference leads somewhere, and every component is referred to") {
  const Json whole = document();
  std::set<std::string> used;
  walk(whole, [&](const std::string& key, const Json& value) {
    if (key == "$ref") {
      const std::string reference = value.get<std::string>();
      CAPTURE(reference);
      REQUIRE(reference.starts_with("#/components/"));
      CHECK(whole.contains(Json::json_pointer(reference.substr(1))));
      used.insert(reference);
    } else if (key == "security") {
      for (const Json& way : value) {
        for (const auto& [scheme, scopes] : way.items()) {
          used.insert("#/components/securitySchemes/" + scheme);
        }
      }
    }
  });
  for (const auto& [kind, components] : whole.at("components").items()) {
    for (const auto& [name, component] : components.items()) {
      CHECK(used.count("#/components/" + kind + "/" + name) == 1);
    }
  }
}

TEST_CASE("openapi: its limits and its examples of bodies are those of the code") {
  const Json whole = document();
  const Json& fields = whole["components"]["schemas"]["NewSecret"]["properties"];
  const BodyLimits limits;
  CHECK(fields["secret"]["maxLength"] == limits.secret_bytes_max);
  CHECK(fields["passphrase"]["maxLength"] == limits.passphrase_bytes_max);
  CHECK(fields["ttl_seconds"]["maximum"] == limits.ttl_max.count());
  CHECK(fields["ttl_seconds"]["default"] == kTtlDefault.count());
  const Json& post = whole["paths"]["/api/v1/secret"]["post"]["requestBody"]["content"]["application/json"];
  REQUIRE(post["examples"].size() >= 2);
  for (const auto& example : post["examples"].items()) {
    CAPTURE(example.key());
    CHECK(parse_create_body(as_bytes(example.value().at("value").dump()), limits).has_value());
  }
  const Json& deletion =
      whole["paths"]["/api/v1/secret/{secret_key}"]["delete"]["requestBody"]["content"]["application/json"];
  CHECK(parse_delete_body(as_bytes(deletion.at("example").dump()), limits).has_value());
}

TEST_CASE("openapi: every JSON answer has a schema, and an example with the properties that schema requires") {
  const Json whole = document();
  int examples = 0;
  walk(whole, [&](const std::string& key, const Json& value) {
    if (key != "application/json" && key != "application/problem+json") {
      return;
    }
    REQUIRE(value.contains("schema"));
    Json schema = value["schema"];
    if (schema.contains("$ref")) {
      schema = whole.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
    }
    std::vector<Json> samples;
    if (value.contains("example")) {
      samples.push_back(value["example"]);
    }
    const Json named = value.value("examples", Json::object());
    for (const auto& [name, example] : named.items()) {
      samples.push_back(example.at("value"));
    }
    for (const Json& sample : samples) {
      ++examples;
      for (const auto& required : schema.value("required", Json::array())) {
        CHECK(sample.contains(required.get<std::string>()));
      }
      for (const auto& [property, content] : sample.items()) {
        CHECK(schema.at("properties").contains(property));
      }
    }
  });
  CHECK(examples > 50);
}

TEST_CASE("openapi: its problems are those of the code, word for word") {
  const Json whole = document();
  std::set<std::string> types{"about:blank"};
  std::set<std::string> answers;
  for (const ProblemKind& kind : problem_kinds()) {
    types.insert(std::string(kProblemTypePrefix).append(kind.name));
    answers.insert(std::string(as_text(problem_response(kind.problem).body.expose())));
  }
  CHECK(whole["components"]["schemas"]["Problem"]["properties"]["type"]["enum"].get<std::set<std::string>>() == types);
  std::set<std::string> shown;
  walk(whole["components"]["responses"], [&](const std::string& /*key*/, const Json& value) {
    if (value.is_object() && value.value("type", "").starts_with(kProblemTypePrefix)) {
      nlohmann::ordered_json problem;
      for (const char* const member : {"type", "title", "status", "detail"}) {
        problem[member] = value.at(member);
      }
      shown.insert(problem.dump());
      CHECK(answers.count(problem.dump()) == 1);
    }
  });
  CHECK(shown.size() == types.size() - 2);  // about:blank has no sentence, and 405 is no operation's
}

TEST_CASE("openapi: its limits and examples of API v2 are those of the code") {
  const Json whole = document();
  const BodyLimits limits;
  const Json& schemas = whole["components"]["schemas"];
  const Json& fresh = schemas["NewSharedSecret"]["properties"];
  CHECK(fresh["secret"]["maxLength"] == limits.secret_bytes_max);
  CHECK(fresh["passphrase"]["maxLength"] == limits.passphrase_bytes_max);
  CHECK(fresh["ttl_seconds"]["maximum"] == limits.ttl_max.count());
  CHECK(fresh["ttl_seconds"]["default"] == default_ttl_v2(limits).count());
  CHECK(fresh["views"]["maximum"] == kViewsMax);
  CHECK(fresh["webhook"]["maxLength"] == kWebhookUrlMax);
  CHECK(schemas["NewRequest"]["properties"]["webhook"]["maxLength"] == kWebhookUrlMax);
  CHECK(schemas["Retrieval"]["properties"]["proof"]["minLength"] == base64url_size(kProofSize));
  CHECK(schemas["Retrieval"]["properties"]["claim"]["minLength"] == base64url_size(kClaimSizeMin));
  CHECK(schemas["Retrieval"]["properties"]["claim"]["maxLength"] == base64url_size(kClaimSizeMax));
  const auto examples = [&whole](const std::string& path) {
    const Json& content = whole["paths"]["/api/v2/" + path]["post"]["requestBody"]["content"]["application/json"];
    std::vector<std::string> bodies;
    if (content.contains("example")) {
      bodies.push_back(content["example"].dump());
    }
    for (const Json& example : content.value("examples", Json::object())) {
      bodies.push_back(example.at("value").dump());
    }
    CHECK_FALSE(bodies.empty());
    return bodies;
  };
  for (const std::string& body : examples("secrets")) {
    CHECK(parse_new_text({"POST", "/api/v2/secrets", {}, as_bytes(body), ""}, limits).has_value());
  }
  for (const std::string& body : examples("secrets/retrieve")) {
    CHECK(parse_retrieve_body(as_bytes(body), limits).has_value());
  }
  for (const std::string& body : examples("secrets/delete")) {
    CHECK(parse_delete_body_v2(as_bytes(body), limits).has_value());
  }
  std::vector<HeaderField> fields;
  std::vector<std::string> values;
  for (const Json& parameter : whole["paths"]["/api/v2/secrets"]["post"]["parameters"]) {
    values.push_back(parameter["example"].is_string() ? parameter["example"].get<std::string>()
                                                      : parameter["example"].dump());
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Json& parameter = whole["paths"]["/api/v2/secrets"]["post"]["parameters"][i];
    fields.push_back({parameter["name"].get_ref<const std::string&>(), values[i]});
  }
  CHECK(fields.size() == 6);
  CHECK(parse_new_bytes({"POST", "/api/v2/secrets", fields, as_bytes("x"), ""}, limits).has_value());
}

}  // namespace disposable
