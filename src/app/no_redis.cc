// An executable without Redis.

#include "app/backends.h"

namespace disposable {

std::string redis_url_problem(const std::string& /*url*/) {
  return "this executable was built without Redis; 'packaging/quickstart --scale-out' builds one that has it";
}

bool redis_built_in() { return false; }

Result<std::unique_ptr<ServedStore>> open_redis_store(const BackendParts& /*parts*/, const StorageLimits& /*limits*/) {
  return fail(Errc::kInvalidArgument, redis_url_problem({}));
}

Result<std::unique_ptr<StoreTransfer>> open_redis_transfer(const std::string& /*url*/, bool /*accept_data_loss*/,
                                                           Random& /*random*/) {
  return fail(Errc::kInvalidArgument, redis_url_problem({}));
}

UrlFiles redis_url_files(const std::string& /*url*/) { return {}; }

std::vector<Component> redis_components() { return {}; }

}  // namespace disposable
