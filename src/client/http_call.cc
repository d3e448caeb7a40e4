#include "client/http_call.h"

#include <httplib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>

#include "client/host_names.h"

namespace disposable {

namespace {

// What cpp-httplib reports before it has written anything.
bool before_sending(httplib::Error error) {
  constexpr std::array kBefore = {httplib::Error::Connection,
                                  httplib::Error::ConnectionTimeout,
                                  httplib::Error::SSLConnection,
                                  httplib::Error::SSLLoadingCerts,
                                  httplib::Error::SSLServerVerification,
                                  httplib::Error::SSLServerHostnameVerification};
  return std::find(kBefore.begin(), kBefore.end(), error) != kBefore.end();
}

const char* reason_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
      return "it cannot be connected to";
    case httplib::Error::ConnectionTimeout:
      return "it has not accepted a connection in time";
    case httplib::Error::SSLConnection:
      return "no TLS connection to it can be made";
    case httplib::Error::SSLLoadingCerts:
      return "the file of trusted certificates cannot be read";
    case httplib::Error::SSLServerVerification:
      return "its certificate is not trusted";
    case httplib::Error::SSLServerHostnameVerification:
      return "its certificate is for another name";
    case httplib::Error::Read:
    case httplib::Error::Timeout:
      return "it has not answered in time, or has broken off";
    default:
      return "the connection to it has broken";
  }
}

std::unique_ptr<httplib::ClientImpl> client_for(const ServerUrl& server, const std::string& address,
                                                const HttpSettings& settings, std::size_t answer_bytes_max) {
  std::unique_ptr<httplib::ClientImpl> client;
  if (server.tls) {
    client = std::make_unique<httplib::SSLClient>(server.host, server.port);
    client->set_ca_cert_path(settings.ca_file.empty() ? system_ca_file() : settings.ca_file);
    client->enable_server_certificate_verification(true);
  } else {
    client = std::make_unique<httplib::ClientImpl>(server.host, server.port);
  }
  client->set_hostname_addr_map({{server.host, address}});
  client->set_connection_timeout(settings.connect_timeout);
  client->set_read_timeout(settings.silence_timeout);
  client->set_write_timeout(settings.silence_timeout);
  client->set_payload_max_length(answer_bytes_max);
  client->set_follow_location(false);
  client->set_keep_alive(false);
  client->set_path_encode(false);
  client->set_tcp_nodelay(true);
  if (settings.opened) {
    client->set_socket_options([&settings](socket_t socket) { settings.opened(socket); });
  }
  return client;
}

httplib::Request request_of(const ServerUrl& server, const HttpRequest& request, const HttpSettings& settings) {
  httplib::Request sent;
  sent.method = request.method;
  sent.path = server.path + request.path;
  sent.body = as_text(request.body);
  sent.set_header("User-Agent", settings.user_agent);
  if (!request.content_type.empty()) {
    sent.set_header("Content-Type", request.content_type);
  }
  for (const HttpField& field : request.fields) {
    sent.set_header(field.name, field.value);
  }
  if (settings.sent) {
    sent.upload_progress = [&settings](std::size_t done, std::size_t all) {
      settings.sent(done, all);
      return true;
    };
  }
  if (settings.received) {
    sent.download_progress = [&settings](std::size_t done, std::size_t all) {
      settings.received(done, all);
      return true;
    };
  }
  return sent;
}

HttpResponse response_of(httplib::Response& response) {
  HttpResponse taken;
  taken.status = response.status;
  for (const auto& [name, value] : response.headers) {
    taken.fields.push_back({name, value});
  }
  taken.body = SecretBytes::copy_of(as_bytes(response.body));
  wipe({reinterpret_cast<std::uint8_t*>(response.body.data()), response.body.size()});
  return taken;
}

}  // namespace

std::string_view HttpResponse::field(std::string_view name) const {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const HttpField& candidate : fields) {
    if (std::equal(candidate.name.begin(), candidate.name.end(), name.begin(), name.end(),
                   [lower](char a, char b) { return lower(a) == lower(b); })) {
      return candidate.value;
    }
  }
  return {};
}

std::chrono::seconds HttpResponse::retry_after() const {
  const std::string_view text = field("Retry-After");
  std::uint32_t seconds = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(problem == std::errc{} && stop == text.data() + text.size() ? seconds : 0);
}

tl::expected<HttpResponse, HttpFailure> call_http(const ServerUrl& server, const HttpRequest& request,
                                                  const HttpSettings& settings) {
  const Result<std::vector<std::string>> addresses = addresses_of(server.host, settings.connect_timeout, settings.stop);
  if (!addresses) {
    return tl::unexpected(HttpFailure{false, addresses.error().detail});
  }
  HttpFailure failure{false, "it has no address that may be connected to"};
  constexpr int kAddressesMost = 8;  // whoever answers for a name could have us knock at thousands of doors
  int tried = 0;
  for (const std::string& address : *addresses) {
    if (settings.stop.stop_requested() || (settings.may_connect && !settings.may_connect(address))) {
      continue;
    }
    if (++tried > kAddressesMost) {
      break;
    }
    const std::unique_ptr<httplib::ClientImpl> client = client_for(server, address, settings, request.answer_bytes_max);
    httplib::Request sent = request_of(server, request, settings);
    bool too_large = false;
    std::optional<httplib::Response> head_alone;
    sent.response_handler = [&too_large, &head_alone, &request](const httplib::Response& head) {
      if (request.head_only) {
        head_alone = head;
        return false;
      }
      // Before cpp-httplib sets memory aside for whatever the server says.
      too_large = head.get_header_value_u64("Content-Length") > request.answer_bytes_max;
      return !too_large;
    };
    httplib::Response response;
    httplib::Error error = httplib::Error::Success;
    const bool done = client->send(sent, response, error);
    wipe({reinterpret_cast<std::uint8_t*>(sent.body.data()), sent.body.size()});
    if (done || head_alone) {
      return response_of(head_alone ? *head_alone : response);
    }
    failure = {!before_sending(error), too_large ? "its answer is too large" : reason_of(error), too_large};
    if (error != httplib::Error::Connection && error != httplib::Error::ConnectionTimeout) {
      break;  // there is somebody at this address
    }
  }
  return tl::unexpected(failure);
}

std::string system_ca_file() {
  // Debian and its like, Red Hat's, SUSE's, Alpine's.
  constexpr std::array kPlaces = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem",
                                  "/etc/ssl/cert.pem"};
  const auto* const found =
      std::find_if(kPlaces.begin(), kPlaces.end(), [](const char* path) { return ::access(path, R_OK) == 0; });
  return found == kPlaces.end() ? std::string{} : std::string(*found);
}

}  // namespace disposable
