#include "audit/postgres_server.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <memory>

#include "http/tls_fixture.h"

namespace disposable {

namespace {

// Of the newest version that is installed.
std::string program(const std::string& name) {
  std::filesystem::path newest;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    const std::filesystem::path found = version.path() / "bin" / name;
    newest = std::filesystem::exists(found) ? std::max(newest, found) : newest;
  }
  REQUIRE_MESSAGE(!newest.empty(), "no PostgreSQL server is installed");
  return newest;
}

const passwd& server_user() {
  const passwd* user = ::getpwnam("postgres");
  user = user == nullptr ? ::getpwnam("nobody") : user;
  REQUIRE(user != nullptr);
  return *user;
}

// As root: as somebody else. Ends with this process however that ends.
pid_t spawn(std::vector<std::string> arguments, const std::filesystem::path& output) {
  std::vector<std::string> command{"/usr/bin/setpriv", "--pdeathsig", "QUIT"};
  if (::geteuid() == 0) {
    command.insert(command.end(), {"--reuid", std::to_string(server_user().pw_uid), "--regid",
                                   std::to_string(server_user().pw_gid), "--clear-groups"});
  }
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(command.size() + 1);
  for (std::string& argument : command) {
    argv.push_back(argument.data());
  }
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::string path = "PATH=/usr/bin:/bin";
  char* environment[] = {path.data(), nullptr};
  pid_t pid = -1;
  REQUIRE(::posix_spawn(&pid, argv.front(), &actions, nullptr, argv.data(), environment) == 0);
  ::posix_spawn_file_actions_destroy(&actions);
  return pid;
}

void give_to_server(const std::filesystem::path& path) {
  const bool given = ::geteuid() != 0 || ::chown(path.c_str(), server_user().pw_uid, server_user().pw_gid) == 0;
  REQUIRE(given);
}

int free_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

void append_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

std::string whole_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

using Connection = std::unique_ptr<PGconn, FreeWith<PQfinish>>;
using Answer = std::unique_ptr<PGresult, FreeWith<PQclear>>;

Connection connect_superuser(const std::string& folder, int port) {
  return Connection(PQconnectdb(("host='" + folder + "' port=" + std::to_string(port) +
                                 " user=postgres dbname=postgres sslmode=disable client_encoding=UTF8")
                                    .c_str()));
}

std::string run_sql_on(const PostgresServer& server, const std::string& schema, const std::string& sql) {
  CAPTURE(sql);
  const Connection connection = connect_superuser(server.folder(), server.port());
  const Answer path(PQexec(connection.get(), ("SET search_path = " + schema + ", sqlite").c_str()));
  const Answer answer(PQexec(connection.get(), sql.c_str()));
  const ExecStatusType status = PQresultStatus(answer.get());
  REQUIRE_MESSAGE((status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK),
                  std::string(PQerrorMessage(connection.get())));
  return PQntuples(answer.get()) > 0 ? PQgetvalue(answer.get(), 0, 0) : "";
}

}  // namespace

PostgresServer::PostgresServer() : port_(free_port()) {
  make_files(folder_);
  for (const std::filesystem::path& path : {folder(), folder() / "localhost.pem", folder() / "localhost.key"}) {
    give_to_server(path);
  }
  create_data();
  configure();
  start();
  run_sql_on(*this, "public",
             "CREATE ROLE owner LOGIN; CREATE ROLE asked LOGIN PASSWORD 'open sesame'; CREATE SCHEMA sqlite;"
             "CREATE FUNCTION sqlite.zeroblob(n int) RETURNS bytea LANGUAGE sql AS "
             "$$SELECT decode(repeat('00', n), 'hex')$$");
}

void PostgresServer::create_data() const {
  const pid_t initdb = spawn({program("initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8",
                              "--locale=C", "-D", folder_ / "data"},
                             folder_ / "initdb.log");
  int status = -1;
  REQUIRE(::waitpid(initdb, &status, 0) == initdb);
  REQUIRE_MESSAGE(status == 0, whole_file(folder_ / "initdb.log"));
}

PostgresServer::~PostgresServer() { stop(); }

void PostgresServer::configure() const {
  append_file(folder_ / "data/postgresql.conf",
              "listen_addresses = '127.0.0.1'\nport = " + std::to_string(port_) + "\nunix_socket_directories = '" +
                  folder().string() + "'\nssl = on\nssl_cert_file = '" + (folder_ / "localhost.pem").string() +
                  "'\nssl_key_file = '" + (folder_ / "localhost.key").string() +
                  "'\nshared_buffers = 16MB\nmax_connections = 60\n");
  const std::string trusted = whole_file(folder_ / "data/pg_hba.conf");
  std::ofstream(folder_ / "data/pg_hba.conf") << "host all asked 127.0.0.1/32 scram-sha-256\n" << trusted;
}

// A killed server's processes may still be on their way out, and then the new one ends at once.
void PostgresServer::start() {
  for (int attempt = 0; attempt < 1500; ++attempt) {
    if (pid_ < 0 || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = spawn({program("postgres"), "-D", folder_ / "data"}, folder_ / "server.log");
    }
    if (PQstatus(connect_superuser(folder(), port_).get()) == CONNECTION_OK) {
      return;
    }
    ::poll(nullptr, 0, 20);
  }
  FAIL(whole_file(folder_ / "server.log"));
}

void PostgresServer::stop() {
  if (pid_ > 0) {
    thaw();
    ::kill(pid_, SIGINT);  // breaks connections off
    ::waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
}

void PostgresServer::kill() {
  for (const pid_t process : processes()) {
    ::kill(process, SIGKILL);
  }
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::vector<pid_t> PostgresServer::processes() const {
  std::vector<pid_t> all{pid_};
  const std::string task = "/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children";
  std::ifstream children(task);
  for (pid_t child = 0; children >> child;) {
    all.push_back(child);
  }
  return all;
}

void PostgresServer::freeze() const {
  for (const pid_t process : processes()) {
    ::kill(process, SIGSTOP);
  }
}

void PostgresServer::thaw() const {
  for (const pid_t process : processes()) {
    ::kill(process, SIGCONT);
  }
}

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

std::string PostgresServer::create_schema() {
  std::string name = "test_" + std::to_string(++schemas_);
  run_sql_on(*this, "public", "CREATE SCHEMA " + name + " AUTHORIZATION owner");
  return name;
}

std::string PostgresServer::url_text(const std::string& schema, const std::string& more) const {
  return "postgresql://owner@127.0.0.1:" + std::to_string(port_) + "/postgres?options=-csearch_path%3D" + schema + more;
}

PostgresUrl PostgresServer::url(const std::string& schema) const { return parsed_url(url_text(schema)); }

std::string run_postgres_sql(const std::string& schema, const std::string& sql) {
  return run_sql_on(PostgresServer::shared(), schema, sql);
}

PostgresUrl parsed_url(const std::string& text) {
  Result<PostgresUrl> url = parse_postgres_url(text);
  REQUIRE_MESSAGE(url, (url ? "" : url.error().detail));
  return *url;
}

}  // namespace disposable
