// Goal: the format of the hash chain never changes unnoticed. Method: values computed by another implementation of
// BLAKE2b (Python's hashlib) from the description in audit/chain.h.

#include <doctest/doctest.h>

#include "audit/audit_fixture.h"
#include "audit/chain.h"

namespace disposable {
namespace {

AuditRow first_row() {
  return {.id = 1,
          .secret_key = "00010203-0405-8607-8809-0a0b0c0d0e0f",
          .action = "created",
          .ip_address = "192.0.2.1",
          .created_at = "2026-11-22T14:05:06.789Z",
          .extra_data = "{\"ttl_seconds\":300}",
          .event_id = "019ab000-0000-7000-8000-000000000001"};
}

AuditRow second_row() {
  return {.id = 2,
          .secret_key = "00010203-0405-8607-8809-0a0b0c0d0e0f",
          .action = "expired",
          .ip_address = "",
          .created_at = "2026-11-22T14:10:06.789Z",
          .extra_data = "{}",
          .event_id = "019ab000-0000-7000-8000-000000000002"};
}

TEST_CASE("row_hash: has the documented values") {
  const SymmetricKey key = test_audit_key();
  const ChainHash first = row_hash(key, kChainStart, first_row());
  CHECK(to_hex(first) == "8b442e4e1bac42f1ddbefedc4cfb9899eade0f8fba7e8cac8ef2e70d232027a8");
  CHECK(to_hex(row_hash(key, first, second_row())) ==
        "6cf538b6611c854b1556745bf50f16ba0355d0383a98be423e40dbc58a1d0616");
}

TEST_CASE("head_mac: has the documented values") {
  const SymmetricKey key = test_audit_key();
  CHECK(to_hex(head_mac(key, ChainHead())) == "36d917a2920aa5f03134ad283a8aaf1a55f12be2df8cc6ea16ea4fd7a2c20df2");
  const ChainHead head{.count = 2, .hash = row_hash(key, row_hash(key, kChainStart, first_row()), second_row())};
  CHECK(to_hex(head_mac(key, head)) == "469f07a04f27a371c7469ae4ef09791409e15717e48f2dc9e62f792ada490cd7");
}

TEST_CASE("row_hash: text that moves from one column to the next changes it") {
  const SymmetricKey key = test_audit_key();
  AuditRow moved = first_row();
  moved.ip_address = "192.0.2.12";
  moved.created_at = "026-11-22T14:05:06.789Z";
  CHECK(row_hash(key, kChainStart, moved) != row_hash(key, kChainStart, first_row()));
}

TEST_CASE("row_hash: another key gives another hash") {
  CHECK(row_hash(test_audit_key(1), kChainStart, first_row()) != row_hash(test_audit_key(), kChainStart, first_row()));
}

TEST_CASE("audit_row: shows an event in the words of the log") {
  Event event;
  event.id.bytes = {0x01, 0x9a, 0xb0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1};
  event.fingerprint.bytes = {0, 1, 2, 3, 4, 5, 0x86, 7, 0x88, 9, 10, 11, 12, 13, 14, 15};
  event.action = Action::kCreated;
  event.at = WallTime(std::chrono::milliseconds(1'795'356'306'789));
  event.address = "192.0.2.1";
  event.extra_data = "{\"ttl_seconds\":300}";
  CHECK(audit_row(1, event) == first_row());
}

}  // namespace
}  // namespace disposable
