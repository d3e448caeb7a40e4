#include "store/store_transfer.h"

#include <algorithm>

namespace disposable {

namespace {

struct RoleName {
  MoveState::Role role;
  std::string_view name;
};

constexpr std::array<RoleName, 4> kRoleNames{{
    {MoveState::Role::kNone, "none"},
    {MoveState::Role::kArriving, "arriving"},
    {MoveState::Role::kLeaving, "leaving"},
    {MoveState::Role::kLeft, "left"},
}};

}  // namespace

std::string to_text(const MoveState& state) {
  const auto* found = std::find_if(kRoleNames.begin(), kRoleNames.end(),
                                   [&state](const RoleName& entry) { return entry.role == state.role; });
  check(found != kRoleNames.end(), "every role has a name");
  return std::string(found->name) + " " + state.move;
}

Result<MoveState> move_state_from(std::string_view text) {
  for (const RoleName& entry : kRoleNames) {
    if (text.starts_with(entry.name) && text.substr(entry.name.size()).starts_with(' ')) {
      return MoveState{entry.role, std::string(text.substr(entry.name.size() + 1))};
    }
  }
  return fail(Errc::kCorrupt, "what the store says of a move does not decode");
}

bool operator==(const StoredSecret& a, const StoredSecret& b) {
  return a.id == b.id && a.version == b.version && a.entry.record == b.entry.record && a.entry.due == b.entry.due &&
         a.payload == b.payload;
}

}  // namespace disposable
