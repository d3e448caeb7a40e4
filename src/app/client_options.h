// What the client's commands were asked for on the command line. Values. No secret is among them but for a link that
// somebody has typed as an argument.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace disposable {

// What every command that talks to a server takes.
struct ConnectionOptions {
  std::string server;   // empty: of the configuration file
  std::string ca_file;  // empty: of the configuration file, or the system's
  std::chrono::seconds patience{60};
  bool json = false;
};

struct PassphraseOptions {
  bool ask = false;
  std::string file;  // empty: none
};

struct OutputOptions {
  std::string path;  // empty: the current folder
  bool force = false;
};

struct ShareOptions {
  ConnectionOptions connection;
  std::vector<std::string> files;  // empty: standard input, or a prompt
  std::optional<std::chrono::seconds> ttl;
  int views = 1;
  PassphraseOptions passphrase;
  bool receipt = false;
  bool qr = false;
  std::string to;       // the link of a request; empty: none
  std::string webhook;  // empty: none
};

struct RetrieveOptions {
  ConnectionOptions connection;
  std::string link;  // empty or "-": standard input, or a prompt; so everywhere
  PassphraseOptions passphrase;
  OutputOptions output;
};

struct StatusOptions {
  ConnectionOptions connection;
  std::string link;
  bool receipt = false;  // only of a receipt
};

struct DeleteOptions {
  ConnectionOptions connection;
  std::string link;
  PassphraseOptions passphrase;
};

struct RequestOptions {
  ConnectionOptions connection;
  std::optional<std::chrono::seconds> ttl;
  std::string own_link_file;
  std::string webhook;  // empty: none
  bool qr = false;
  std::optional<std::string> collect;  // the link of one's own
  bool wait = true;
  OutputOptions output;
};

struct GenerateOptions {
  std::size_t length = 24;
  std::string alphabet = "letters-digits";
  std::size_t words = 0;  // 0: characters
  bool json = false;
};

}  // namespace disposable
