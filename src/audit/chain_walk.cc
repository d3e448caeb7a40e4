#include "audit/chain_walk.h"

#include <algorithm>

namespace disposable {

namespace {

struct Finding {
  std::int64_t id = 0;
  std::string reason;
};

// `good` is the chain as far as it is good, and moves on with a good row.
std::optional<Finding> check_row(const SymmetricKey& audit_key, const ChainRow& row, ChainHead& good) {
  const std::int64_t expected = good.count + 1;
  if (row.id > expected) {
    return Finding{expected, "the row is missing"};
  }
  if (row.id < expected) {
    return Finding{row.id, "the row was inserted before the first one"};
  }
  if (!row.columns || !row.previous || !row.hash) {
    return Finding{row.id, "a column has a type or size that is never written: the row was edited"};
  }
  if (*row.previous != good.hash) {
    return Finding{row.id,
                   "prev_hash is not the hash of the row before: a row was deleted, inserted, moved or edited here"};
  }
  const ChainHash computed = row_hash(audit_key, good.hash, *row.columns);
  if (computed != *row.hash) {
    return Finding{row.id, "the columns do not match the hash: the row was edited, inserted or moved"};
  }
  good = ChainHead{.count = row.id, .hash = computed};
  return std::nullopt;
}

std::optional<Finding> check_head(const SealedHead& sealed, const ChainHead& walked, const SymmetricKey& audit_key) {
  if (!is_sealed_with(sealed, audit_key)) {
    return Finding{0, "the head was not sealed with this key: it was edited, or this is the wrong key file"};
  }
  if (walked.count < sealed.head.count) {
    return Finding{walked.count + 1, "the row is missing: the end of the log was cut off"};
  }
  if (walked.count > sealed.head.count) {
    return Finding{sealed.head.count + 1, "the row is not counted in the head: an earlier head was put back"};
  }
  if (walked.hash != sealed.head.hash) {
    return Finding{walked.count, "the row is not the one that the head names: an earlier head was put back"};
  }
  return std::nullopt;
}

// Stops at the first bad row. Damage that the database finds itself is reported like a bad row.
Result<std::optional<Finding>> walk_rows(const NextChainRow& next_row, const SymmetricKey& audit_key, ChainHead& good,
                                         const VerifyProgress& progress) {
  while (true) {
    const Result<std::optional<ChainRow>> row = next_row();
    if (!row && row.error().code == Errc::kCorrupt) {
      return Finding{good.count + 1, "the row cannot be read: " + row.error().detail};
    }
    if (!row) {
      return fail(row.error());
    }
    if (!*row) {
      return std::nullopt;
    }
    std::optional<Finding> finding = check_row(audit_key, **row, good);
    if (finding) {
      return finding;
    }
    const auto rows = static_cast<std::uint64_t>(good.count);
    if (progress && rows % kVerifyProgressRows == 0) {
      progress(rows);
    }
  }
}

}  // namespace

bool is_sealed_with(const SealedHead& sealed, const SymmetricKey& audit_key) {
  return equal_constant_time(sealed.mac, head_mac(audit_key, sealed.head));
}

std::optional<ChainHash> to_chain_hash(ByteView bytes) {
  ChainHash hash;
  if (bytes.size() != hash.size()) {
    return std::nullopt;
  }
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

Result<VerifyReport> walk_chain(const Result<SealedHead>& sealed, const NextChainRow& next_row,
                                const SymmetricKey& audit_key, const VerifyProgress& progress) {
  if (!sealed && sealed.error().code != Errc::kCorrupt) {
    return fail(sealed.error());
  }
  ChainHead good;
  Result<std::optional<Finding>> finding = walk_rows(next_row, audit_key, good, progress);
  if (!finding) {
    return fail(finding.error());
  }
  const std::optional<Finding> head = sealed ? check_head(*sealed, good, audit_key) : Finding{0, sealed.error().detail};
  if (*finding && head && head->id == 0 && (*finding)->id == 1) {
    (*finding)->reason += "; " + head->reason;
  }
  const std::optional<Finding>& first = *finding ? *finding : head;
  VerifyReport report{.ok = !first, .rows = static_cast<std::uint64_t>(good.count), .hash = good.hash};
  if (first) {
    report.first_bad_id = first->id;
    report.reason = first->reason;
  }
  return report;
}

}  // namespace disposable
