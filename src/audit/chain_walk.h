// The walk over a stored hash chain: finds the first row that is edited, missing, inserted or moved, in any database.

#pragma once

#include <functional>
#include <optional>
#include <string>

#include "audit/audit_source.h"
#include "audit/chain.h"

namespace disposable {

// A row as a database gave it. A part is nothing when it has a type or size that is never written.
struct ChainRow {
  std::int64_t id = 0;
  std::optional<AuditRow> columns{};
  std::optional<ChainHash> previous{};
  std::optional<ChainHash> hash{};
};

// The head as a database gave it; the mac is not checked.
struct SealedHead {
  ChainHead head;
  ChainHash mac{};
};

// Whether the head was sealed with `audit_key`.
bool is_sealed_with(const SealedHead& sealed, const SymmetricKey& audit_key);

// The 32 bytes of a hash; nothing for another size.
std::optional<ChainHash> to_chain_hash(ByteView bytes);

// The next row in the order of ids, nothing after the last. kCorrupt: the database found damage itself.
using NextChainRow = std::function<Result<std::optional<ChainRow>>()>;

// Takes rows until the first bad one and compares the end with the head, all of one snapshot. A head or row that is
// kCorrupt is part of the report; other errors are handed on. `progress` may be empty.
Result<VerifyReport> walk_chain(const Result<SealedHead>& sealed, const NextChainRow& next_row,
                                const SymmetricKey& audit_key, const VerifyProgress& progress);

}  // namespace disposable
