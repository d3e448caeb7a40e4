// Goal: a good certificate and key load; every bad pair is refused with a sentence that says what to do; a reload
// changes nothing unless all of it is good.

#include "http/tls_context.h"

#include <fstream>

#include "http/tls_fixture.h"

namespace disposable {

namespace {

std::filesystem::path write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), 0600) == 0);
  return path;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

WallTime now() { return SystemClock().now(); }

std::string name_of_server(const std::shared_ptr<const TlsContext>& context) {
  TlsClient client;
  TlsSession server(*context, client.server_socket.get());
  REQUIRE(shake_hands(client, server) == TlsStatus::kDone);
  char name[64] = {};
  const Certificate certificate(SSL_get1_peer_certificate(client.ssl()));
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof(name));
  return name;
}

}  // namespace

TEST_CASE("tls context: EC, RSA and Ed25519 keys load, PKCS 8 or not, in one file with the certificate or in two") {
  const TemporaryFolder folder;
  CHECK(TlsContext::load(make_files(folder)));
  CHECK(TlsContext::load(make_files(folder, "rsa", make_rsa_key())));
  CHECK(TlsContext::load(make_files(folder, "ed25519", Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")))));
  const Key key = make_ec_key();
  const std::filesystem::path traditional = folder / "traditional.key";
  {
    const File file(std::fopen(traditional.c_str(), "w"));
    const std::unique_ptr<BIO, FreeWith<BIO_free>> bio(BIO_new_fp(file.get(), BIO_NOCLOSE));
    REQUIRE(PEM_write_bio_PrivateKey_traditional(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  }
  REQUIRE(::chmod(traditional.c_str(), 0600) == 0);
  const std::filesystem::path certificate = write_certificate(folder / "a.pem", make_certificate(key));
  CHECK(TlsContext::load({certificate, traditional}));
  const std::filesystem::path both =
      write_text(folder / "both.pem", read_text(certificate) + "\n" + read_text(traditional));
  CHECK(TlsContext::load({both, both}));
}

TEST_CASE("tls context: the whole chain is sent") {
  const TemporaryFolder folder;
  const TlsContext::Files files = make_files(folder);
  const TlsContext::Files other = make_files(folder, "intermediate");
  write_text(files.certificate, read_text(files.certificate) + read_text(other.certificate));
  TlsClient client;
  TlsSession server(*load_context(files), client.server_socket.get());
  REQUIRE(shake_hands(client, server) == TlsStatus::kDone);
  CHECK(sk_X509_num(SSL_get_peer_cert_chain(client.ssl())) == 2);
}

TEST_CASE("tls context: a bad pair is refused, and one line names the file and the reason") {
  const TemporaryFolder folder;
  const Key ec = make_ec_key();
  const Key rsa = make_rsa_key();
  const Key weak = make_rsa_key(1024);
  const auto certificate = write_certificate(folder / "good.pem", make_certificate(ec));
  const auto key = write_key(folder / "good.key", ec);
  const auto path = [&](const char* name) { return (folder / name).string(); };
  struct Row {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::string sentence;
  };
  const std::string damaged = read_text(certificate).substr(0, 200);
  const Row rows[] = {
      {path("none.pem"), key, "cannot use the certificate " + path("none.pem") + ": No such file or directory"},
      {folder.path(), key,
       "cannot use the certificate " + folder.path().string() + ": no certificate in PEM form, or a damaged one"},
      {write_text(path("empty.pem"), ""), key,
       "cannot use the certificate " + path("empty.pem") + ": no certificate in PEM form, or a damaged one"},
      {key, key, "cannot use the certificate " + key.string() + ": no certificate in PEM form, or a damaged one"},
      {write_text(path("damaged.pem"), damaged), key,
       "cannot use the certificate " + path("damaged.pem") + ": no certificate in PEM form, or a damaged one"},
      {write_certificate(path("weak.pem"), make_certificate(weak)), write_key(path("weak.key"), weak),
       "cannot use the certificate " + path("weak.pem") + ": ee key too small"},
      {certificate, path("none.key"), "the private key " + path("none.key") + " does not exist"},
      {certificate, folder.path(), "the private key " + folder.path().string() + " is not a regular file"},
      {certificate, write_key(path("open.key"), ec, 0644),
       "the private key " + path("open.key") + " is open to others; run chmod 600 on it"},
      {certificate, write_key(path("encrypted.key"), ec, 0600, "pass phrase"),
       "the private key " + path("encrypted.key") + " is encrypted; store it without a passphrase, mode 600"},
      {certificate, write_text(path("empty.key"), ""),
       "cannot use the private key " + path("empty.key") + ": no key in PEM form, or a damaged one"},
      {certificate, write_text(path("damaged.key"), read_text(key).substr(0, 100)),
       "cannot use the private key " + path("damaged.key") + ": no key in PEM form, or a damaged one"},
      {certificate, write_text(path("large.key"), std::string(70'000, 'x')),
       "the private key " + path("large.key") + " is too large"},
      {certificate, write_text(path("certificate.key"), read_text(certificate)),
       "cannot use the private key " + path("certificate.key") + ": no key in PEM form, or a damaged one"},
      {certificate, write_key(path("other.key"), make_ec_key()),
       "the private key " + path("other.key") + " does not belong to the certificate " + path("good.pem")},
      {certificate, write_key(path("rsa.key"), rsa),
       "the private key " + path("rsa.key") + " does not belong to the certificate " + path("good.pem")},
  };
  for (const Row& row : rows) {
    const auto loaded = TlsContext::load({row.certificate, row.key});
    REQUIRE(!loaded);
    CHECK(loaded.error().detail == row.sentence);
    CHECK(ERR_peek_error() == 0);
  }
}

TEST_CASE("tls context: the dates of a certificate are judged by the given time") {
  const TemporaryFolder folder;
  const auto context = load_context(make_files(folder));
  const auto hours = [](int count) { return std::chrono::hours(count); };
  CHECK(context->valid_at(now()));
  CHECK(context->valid_at(context->expires_at()));
  const Result<void> later = context->valid_at(now() + hours(2));
  REQUIRE(!later);
  CHECK(later.error().detail ==
        "the certificate " + (folder / "localhost.pem").string() + " expired at " + format_utc(context->expires_at()));
  const Result<void> earlier = context->valid_at(now() - hours(2));
  REQUIRE(!earlier);
  CHECK(earlier.error().detail.find(" is not valid before 2") != std::string::npos);
  CHECK(context->expires_at() - now() <= hours(1));
  CHECK(context->expires_at() - now() > std::chrono::minutes(59));
}

TEST_CASE("tls context: a reload is for new connections; what is connected goes on") {
  const TemporaryFolder folder;
  CurrentTlsContext current(load_context(make_files(folder, "old")));
  TlsClient client;
  TlsSession server(*current.get(), client.server_socket.get());
  REQUIRE(shake_hands(client, server) == TlsStatus::kDone);
  TlsClient halfway;
  TlsSession halfway_server(*current.get(), halfway.server_socket.get());
  halfway.handshake();
  halfway.carry();
  REQUIRE(halfway_server.handshake().status == TlsStatus::kWantsRead);

  REQUIRE(current.reload(make_files(folder, "new"), now()));

  CHECK(name_of_server(current.get()) == "new");
  CHECK(shake_hands(halfway, halfway_server) == TlsStatus::kDone);
  client.write("still here");
  CHECK(read_all(server) == "still here");
}

TEST_CASE("tls context: a reload of something bad or expired keeps what is there") {
  const TemporaryFolder folder;
  CurrentTlsContext current(load_context(make_files(folder, "old")));
  const TlsContext::Files expired = make_files(folder, "new");
  CHECK(!current.reload({folder / "none.pem", folder / "none.key"}, now()));
  CHECK(!current.reload(expired, now() + std::chrono::hours(2)));
  CHECK(!current.reload(expired, now() - std::chrono::hours(2)));
  CHECK(name_of_server(current.get()) == "old");
}

}  // namespace disposable
