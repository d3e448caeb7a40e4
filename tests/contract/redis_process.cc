#include "contract/redis_process.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "base/file_descriptor.h"
#include "store/redis/redis_connection.h"

extern char** environ;

namespace disposable {

namespace {

constexpr std::chrono::seconds kPatience{20};

Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

// The program, below a name that makes it a server: Debian's redis-check-rdb is the same file.
std::string server_program(const TemporaryFolder& folder) {
  if (const char* const other = std::getenv("DISPOSABLE_REDIS_SERVER")) {
    return other;
  }
  const std::filesystem::path link = folder / "redis-server";
  if (!std::filesystem::exists(link)) {
    std::filesystem::create_symlink("/usr/bin/redis-check-rdb", link);
  }
  return link;
}

std::string text_of(const redisReply& reply) {
  std::string text = reply_error(reply);
  if (text.empty()) {
    text = reply_text(reply);
  }
  for (const redisReply* const element : reply_elements(reply)) {
    text += (text.empty() ? "" : " ") + text_of(*element);
  }
  const bool number = text.empty() && reply_elements(reply).empty() && !is_nil(reply);
  return number ? std::to_string(reply_number(reply)) : text;
}

}  // namespace

std::uint16_t free_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  check(::bind(socket.get(), generic, size) == 0 && ::getsockname(socket.get(), generic, &size) == 0,
        "there is a free port");
  return ntohs(address.sin_port);
}

RedisProcess::RedisProcess(std::vector<std::string> settings) : port_(free_port()), settings_(std::move(settings)) {
  start();
}

RedisProcess::RedisProcess(const SentinelConfiguration& sentinel)
    : port_(free_port()), sentinel_configuration_(sentinel.file) {
  start();
}

std::vector<std::string> RedisProcess::words() const {
  // Its end is that of this process, however that comes.
  std::vector<std::string> words{"/usr/bin/setpriv", "--pdeathsig", "KILL", server_program(folder_)};
  if (!sentinel_configuration_.empty()) {
    words.insert(words.end(), {sentinel_configuration_, "--sentinel"});
  }
  words.insert(words.end(), {"--bind", "127.0.0.1", "--port", std::to_string(port_), "--unixsocket", socket(), "--dir",
                             folder_.path(), "--logfile", folder_ / "log"});
  if (sentinel_configuration_.empty()) {
    words.insert(words.end(), {"--save", "", "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy",
                               "noeviction", "--repl-diskless-sync-delay", "0"});
  }
  words.insert(words.end(), settings_.begin(), settings_.end());
  return words;
}

void RedisProcess::start() {
  std::vector<std::string> words = this->words();
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  REQUIRE(::posix_spawn(&pid_, arguments[0], nullptr, nullptr, arguments.data(), environ) == 0);
  const Deadline deadline = in(kPatience);
  std::string answer;
  while (answer.find("PONG") == std::string::npos && answer.find("NOAUTH") == std::string::npos) {
    REQUIRE_MESSAGE(std::chrono::steady_clock::now() < deadline, answer);
    ::poll(nullptr, 0, 10);
    answer = say({"PING"});
  }
}

std::string RedisProcess::say(const std::vector<std::string>& command) const {
  const auto connection = RedisConnection::open({{}, socket()}, nullptr, in(kPatience));
  if (!connection) {
    return connection.error().detail;
  }
  const auto replies = (*connection)->exchange({&command, 1}, in(kPatience));
  return replies ? text_of(*replies->front()) : replies.error().detail;
}

void RedisProcess::freeze() const { ::kill(pid_, SIGSTOP); }
void RedisProcess::thaw() const { ::kill(pid_, SIGCONT); }

void RedisProcess::end(int signal) {
  if (pid_ > 0) {
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
}

RedisProcess& shared_redis() {
  static RedisProcess redis;
  return redis;
}

}  // namespace disposable
