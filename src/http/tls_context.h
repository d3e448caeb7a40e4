// TlsContext: a certificate chain with its private key and everything that is the same for all TLS connections.
//
// What is spoken, and why:
//   - TLS 1.2 and 1.3, suites with AEAD and ephemeral keys only. Clients of the last ten years have them; without CBC,
//     static RSA and finite-field groups their attacks (Lucky 13, ROBOT, Raccoon) have no ground.
//   - In 1.2 the server chooses, AES-128 first; a client that puts ChaCha20 first (it has no AES in hardware) gets it.
//   - Groups X25519, P-256, P-384; OpenSSL's security level 2 (112 bits): a weaker certificate does not load.
//   - No resumption: no tickets, no session cache. A ticket's key would open what was recorded of all the sessions it
//     covers, for as long as it is in memory. A full handshake costs less than the durable write of the request that
//     follows it, connections are kept alive, and so a restart or a new certificate changes nothing for anybody.
//   - No compression, no renegotiation, no early data (it can be replayed).
//   - ALPN: http/1.1. A client that offers only other protocols is refused (RFC 7301, 3.2), so that nobody can make one
//     protocol's message look like another's.
//
// The system's openssl.cnf is not read: what is spoken is the same everywhere. Immutable; thread-safe.

#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace disposable {

class TlsContext {
 public:
  struct Files {
    std::filesystem::path certificate;  // PEM: the server's own certificate, then its intermediates
    std::filesystem::path key;          // PEM, not encrypted, like the keyring not readable by others
  };

  // kNotFound, kInvalidArgument, kCorrupt: a sentence for the operator that names the file and what is wrong with it.
  // Never asks for a passphrase. Does not judge the certificate's dates; see valid_at().
  static Result<std::shared_ptr<const TlsContext>> load(const Files& files);

  // kInvalidArgument with a sentence when the certificate has expired or is not valid yet. At start this is a warning:
  // a service that is down is worse than one that clients can choose to trust. A reload refuses such a certificate.
  Result<void> valid_at(WallTime now) const;
  WallTime expires_at() const { return valid_until_; }

  // For TlsSession, which keeps it alive by itself: a session outlives its TlsContext.
  ssl_ctx_st* handle() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };

  TlsContext() = default;
  Result<void> use_certificate();
  Result<void> use_key();

  Files files_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  WallTime valid_from_{};
  WallTime valid_until_{};
};

// The context that new connections get. Connections that exist keep theirs. Thread-safe.
class CurrentTlsContext {
 public:
  explicit CurrentTlsContext(std::shared_ptr<const TlsContext> context) : context_(std::move(context)) {}

  std::shared_ptr<const TlsContext> get() const;
  // Loads, validates, then swaps. On any error, and when the certificate is not valid `now`, the old one stays.
  Result<void> reload(const TlsContext::Files& files, WallTime now);

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const TlsContext> context_ GUARDED_BY(mutex_);
};

}  // namespace disposable
