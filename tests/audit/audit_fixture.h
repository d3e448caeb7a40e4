// What the tests of the audit log share: a key, numbered events, and raw SQL as an attacker has it.

#pragma once

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "audit/sqlite/sqlite_audit_log.h"
#include "support/temporary_folder.h"

namespace disposable {

inline SymmetricKey test_audit_key(std::uint8_t first = 0) {
  SymmetricKey key;
  for (std::uint8_t& byte : key.expose_mutable()) {
    byte = first++;
  }
  return key;
}

// Event `number` is the same in every test: a second apart, three fingerprints in turn, actions in turn.
inline Event test_event(std::uint64_t number) {
  const WallTime at(std::chrono::milliseconds(1'700'000'000'000) + std::chrono::seconds(number));
  Event event;
  for (std::size_t i = 0; i < 8; ++i) {
    event.id.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  event.fingerprint.bytes[0] = static_cast<std::uint8_t>(number % 3);
  event.action = static_cast<Action>(1 + number % 6);
  event.at = at;
  event.address = number % 4 == 0 ? "" : "192.0.2." + std::to_string(number % 256);
  event.extra_data = "{\"number\":" + std::to_string(number) + "}";
  return event;
}

inline std::vector<Event> test_events(std::uint64_t first, std::uint64_t count) {
  std::vector<Event> events;
  for (std::uint64_t number = first; number < first + count; ++number) {
    events.push_back(test_event(number));
  }
  return events;
}

inline std::unique_ptr<SqliteAuditLog> open_log(const std::filesystem::path& path, const SymmetricKey& key) {
  Result<std::unique_ptr<SqliteAuditLog>> log = SqliteAuditLog::open(path, key);
  REQUIRE_MESSAGE(log, (log ? "" : log.error().detail));
  return std::move(*log);
}

// Runs statements on a connection of its own, with everything allowed.
inline void run_sql(const std::filesystem::path& path, const std::string& sql) {
  CAPTURE(sql);
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  char* message = nullptr;
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &message);
  const std::string reason = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(database);
  REQUIRE_MESSAGE(code == SQLITE_OK, reason);
}

inline std::string read_whole_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_whole_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
}

}  // namespace disposable
