// An executable with Redis.

#include <fstream>

#include "app/backends.h"
#include "app/durable_file.h"
#include "store/redis/redis_store.h"
#include "store/redis/redis_transfer.h"

namespace disposable {

namespace {

// What this node is called in the outbox that all nodes share. Kept in the data folder, so that after a restart it is
// given again what it had begun to carry into its audit log. Nothing: it has no name yet, and is not to `create` one.
Result<std::optional<std::string>> node_name(const std::filesystem::path& file, bool create, Random& random) {
  std::string name;
  std::error_code error;
  const bool there = std::filesystem::exists(file, error);
  std::ifstream in(file);
  if (there && std::getline(in, name) && !name.empty()) {
    return name;
  }
  if (there || error) {
    return fail(Errc::kInvalidArgument, "the name of this node cannot be read from " + file.string());
  }
  if (!create) {
    return std::nullopt;
  }
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  name = "node-" + to_hex(bytes);
  const Result<void> written = write_durable_file(file, name + "\n");
  if (!written) {
    return fail(written.error());
  }
  return name;
}

// A node with an audit log of its own would take events from those that share one; one without the ledger would hand
// out what a failover forgot.
std::string agreement(const Backends& backends) {
  return std::string("audit log ") + (backends.audit.empty() ? "in each node" : "shared") + ", ledger " +
         (backends.ledger.empty() ? "no" : "yes");
}

}  // namespace

std::string redis_url_problem(const std::string& url) {
  const Result<RedisUrl> parsed = parse_redis_url(url);
  return parsed ? std::string{} : parsed.error().detail;
}

bool redis_built_in() { return true; }

Result<std::unique_ptr<ServedStore>> open_redis_store(const BackendParts& parts, const StorageLimits& limits) {
  RedisStore::Options options;
  Result<RedisUrl> url = parse_redis_url(parts.backends.store);
  if (!url) {
    return fail(url.error());
  }
  options.url = std::move(*url);
  options.create = parts.create;
  if (parts.service) {
    options.agreed = agreement(parts.backends);
  }
  Result<std::optional<std::string>> name = node_name(parts.paths.node(), parts.create, parts.random);
  if (!name) {
    return fail(name.error());
  }
  options.consumer = name->value_or(options.consumer);
  options.keyring_check = parts.keyring.check_value();
  options.storage = limits;
  options.sharing = parts.backends.audit.empty() ? RedisStore::Sharing::kOwn : RedisStore::Sharing::kShared;
  options.accept_data_loss = parts.backends.accept_data_loss;
  options.random = &parts.random;
  options.on_warning = parts.on_warning;
  return RedisStore::open(std::move(options));
}

Result<std::unique_ptr<StoreTransfer>> open_redis_transfer(const std::string& text, bool accept_data_loss,
                                                           Random& random) {
  Result<RedisUrl> url = parse_redis_url(text);
  if (!url) {
    return fail(url.error());
  }
  return RedisTransfer::open(std::move(*url), accept_data_loss, random);
}

UrlFiles redis_url_files(const std::string& url) {
  UrlFiles files;
  const Result<RedisUrl> parsed = parse_redis_url(url);
  if (!parsed) {
    return files;
  }
  for (const std::string& file : {parsed->ca_file, parsed->certificate_file, parsed->key_file}) {
    if (!file.empty()) {
      files.certificates.emplace_back(file);
    }
  }
  if (!parsed->password_file.empty()) {
    files.passwords.emplace_back(parsed->password_file);
  }
  return files;
}

std::vector<Component> redis_components() { return {{"hiredis", hiredis_version()}}; }

}  // namespace disposable
