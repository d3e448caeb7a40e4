// Every record, page by page: a script over all of them would stop the server for as long as it takes.

#include "store/redis/redis_client.h"
#include "store/redis/redis_store.h"

namespace disposable {

namespace {

constexpr const char* kPage = "500";

}  // namespace

// `members`: each with its score behind it.
Result<void> RedisStore::visit_page(std::span<redisReply* const> members, const RecordVisitor& visit) {
  std::vector<RedisCommand> commands;
  for (std::size_t i = 0; i < members.size(); i += 2) {
    commands.push_back({"HGET", keys_.secrets + std::string(reply_text(*members[i])), "r"});
  }
  if (commands.empty()) {
    return {};
  }
  const auto records = client_->ask(std::move(commands));
  if (!records) {
    return fail(records.error());
  }
  for (const RedisReply& record : *records) {
    // Nothing: purged or expired meanwhile.
    Result<void> visited = is_nil(*record) ? Result<void>{} : visit(as_bytes(reply_text(*record)));
    if (!visited) {
      return visited;
    }
  }
  return {};
}

Result<void> RedisStore::visit_records(const RecordVisitor& visit) {
  std::string cursor = "0";
  std::string server;
  do {
    const auto replies = client_->ask({{"INFO", "server"}, {"ZSCAN", keys_.due, cursor, "COUNT", kPage}});
    if (!replies) {
      return fail(replies.error());
    }
    // A cursor of ZSCAN means nothing to another server, or to one that was started again.
    const std::string_view answered = redis_info_field(reply_text(*(*replies)[0]), "run_id");
    if (!server.empty() && answered != server) {
      return fail(Errc::kUnavailable, "Redis was restarted, or another took over, while its secrets were read");
    }
    server = answered;
    const auto page = reply_elements(*(*replies)[1]);
    if (page.size() != 2) {
      return fail(Errc::kCorrupt, "Redis does not list its secrets");
    }
    Result<void> visited = visit_page(reply_elements(*page[1]), visit);
    if (!visited) {
      return visited;
    }
    cursor = reply_text(*page[0]);
  } while (cursor != "0");
  return {};
}

}  // namespace disposable
