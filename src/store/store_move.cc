#include "store/store_move.h"

namespace disposable {

namespace {

using Role = MoveState::Role;

constexpr std::size_t kSecrets = 500;
constexpr std::size_t kEvents = 1000;

// Whether the ends fit together, and the name of the move that they are in or begin.
struct Plan {
  std::array<std::uint8_t, 16> keyring_check{};
  std::string move;
  bool resumed = false;
  bool only_end = false;  // the target serves already
  bool ended = false;     // nothing is left to do
};

std::string new_move(Random& random) {
  std::array<std::uint8_t, 16> bytes{};
  random.fill(bytes);
  return to_hex(bytes);
}

constexpr const char* kSamePlace = "source and target are the same place";

tl::unexpected<Error> mistake(const std::string& what) { return fail(Errc::kInvalidArgument, what); }

Result<bool> is_empty_target(StoreTransfer& to, const Plan& plan) {
  const Result<std::optional<std::array<std::uint8_t, 16>>> there = to.keyring_check();
  if (!there) {
    return fail(there.error());
  }
  return there->has_value() && **there != plan.keyring_check ? Result<bool>(false) : to.empty();
}

// A new name, also when an earlier run that was broken off had given it one: that may have been another source's.
Result<Plan> plan_new(StoreTransfer& to, Random& random, Plan plan) {
  const Result<bool> empty = is_empty_target(to, plan);
  if (!empty) {
    return fail(empty.error());
  }
  if (!*empty) {
    return mistake(to.name() + " holds a store already; name an empty one");
  }
  plan.move = new_move(random);
  return plan;
}

Result<Plan> plan_resumed(const MoveState& source, const MoveState& target, StoreTransfer& from, StoreTransfer& to,
                          Random& random, Plan plan) {
  plan.move = source.move;
  plan.resumed = true;
  if (target == source) {
    return mistake(kSamePlace);
  }
  if (target == MoveState{Role::kArriving, source.move}) {
    return plan;
  }
  if (target == MoveState{Role::kNone, source.move}) {
    const Result<bool> moved = from.empty();
    if (moved && !*moved) {
      return mistake(to.name() + " has the store already, but " + from.name() +
                     " still holds secrets: it was put back to an earlier state");
    }
    plan.only_end = true;
    return moved ? Result<Plan>(std::move(plan)) : fail(moved.error());
  }
  const Result<bool> source_empty = from.empty();
  const Result<bool> empty = source_empty ? is_empty_target(to, plan) : fail(source_empty.error());
  if (empty && (*source_empty || !*empty)) {
    return mistake(to.name() + " is not where the store was on its way to; name that one");
  }
  // The target was lost. Under another name, since it must not go on from what it had, should it come back.
  plan.move = new_move(random);
  return empty ? Result<Plan>(std::move(plan)) : fail(empty.error());
}

Result<Plan> make_plan(StoreTransfer& from, StoreTransfer& to, Random& random) {
  const auto check = from.keyring_check();
  if (!check) {
    return fail(check.error());
  }
  if (!check->has_value()) {
    return fail(Errc::kNotFound, "there is no store in " + from.name());
  }
  const Result<MoveState> source = from.move_state();
  const Result<MoveState> target = source ? to.move_state() : fail(source.error());
  if (!target) {
    return fail(target.error());
  }
  Plan plan;
  plan.keyring_check = **check;
  switch (source->role) {
    case Role::kNone:
      return plan_new(to, random, std::move(plan));
    case Role::kLeaving:
      return plan_resumed(*source, *target, from, to, random, std::move(plan));
    case Role::kArriving:
      return mistake(from.name() + " is the target of a move that did not end; end that one first");
    case Role::kLeft:
      plan.resumed = true;
      plan.ended = *target == MoveState{Role::kNone, source->move};
      break;
  }
  if (plan.ended) {
    return plan;
  }
  return fail(Errc::kNotFound, "the store of " + from.name() + " was moved already");
}

Result<void> compare(StoreTransfer& to, const std::vector<StoredSecret>& secrets) {
  for (const StoredSecret& secret : secrets) {
    const Result<std::optional<StoredSecret>> found = to.find(secret.id);
    if (!found) {
      return fail(found.error());
    }
    if (!found->has_value() || !(**found == secret)) {
      return fail(Errc::kCorrupt, to.name() + " does not give back what was put into it; nothing was lost");
    }
  }
  return {};
}

// Some secrets or events; how many.
Result<std::size_t> move_some_secrets(StoreTransfer& from, StoreTransfer& to) {
  const Result<std::vector<StoredSecret>> secrets = from.some_secrets(kSecrets);
  if (!secrets || secrets->empty()) {
    return secrets ? Result<std::size_t>(0) : fail(secrets.error());
  }
  Result<void> moved = to.put(*secrets);
  if (moved) {
    moved = compare(to, *secrets);
  }
  if (moved) {
    moved = from.erase(*secrets);
  }
  return moved ? Result<std::size_t>(secrets->size()) : fail(moved.error());
}

Result<std::size_t> move_some_events(StoreTransfer& from, StoreTransfer& to) {
  const Result<std::vector<OutboxEntry>> events = from.some_events(kEvents);
  if (!events || events->empty()) {
    return events ? Result<std::size_t>(0) : fail(events.error());
  }
  Result<void> moved = to.put_events(*events);
  if (moved) {
    moved = from.erase_events(*events);
  }
  return moved ? Result<std::size_t>(events->size()) : fail(moved.error());
}

Result<void> move_all(StoreTransfer& from, StoreTransfer& to, MoveReport& report, const MoveProgress& progress) {
  struct Kind {
    Result<std::size_t> (*move_some)(StoreTransfer& from, StoreTransfer& to);
    std::uint64_t& count;
  };
  for (const Kind& kind : {Kind{move_some_secrets, report.secrets}, Kind{move_some_events, report.events}}) {
    for (;;) {
      const Result<std::size_t> moved = kind.move_some(from, to);
      if (!moved) {
        return fail(moved.error());
      }
      if (*moved == 0) {
        break;
      }
      kind.count += *moved;
      if (progress) {
        progress(report);
      }
    }
  }
  return {};
}

Result<void> hand_over(StoreTransfer& from, StoreTransfer& to) {
  const Result<StoreTotals> totals = from.totals();
  const Result<std::optional<EventId>> last = totals ? from.last_acknowledged() : fail(totals.error());
  return last ? to.end_arriving(*totals, *last) : fail(last.error());
}

// One server can have two names.
Result<void> begin(StoreTransfer& from, StoreTransfer& to, const Plan& plan) {
  Result<void> done = to.begin_arriving(plan.keyring_check, plan.move);
  const Result<MoveState> source = done ? from.move_state() : fail(done.error());
  if (!source) {
    return fail(source.error());
  }
  if (*source == MoveState{Role::kArriving, plan.move}) {
    done = hand_over(from, to);
    return done ? mistake(kSamePlace) : fail(done.error());
  }
  return from.begin_leaving(plan.move);
}

Result<void> move_and_hand_over(StoreTransfer& from, StoreTransfer& to, const Plan& plan, MoveReport& report,
                                const MoveProgress& progress) {
  Result<void> done = begin(from, to, plan);
  if (done) {
    done = move_all(from, to, report, progress);
  }
  // An empty source that is ours was emptied by us; another run would have taken what is missing here elsewhere.
  if (done) {
    done = from.begin_leaving(plan.move);
  }
  return done ? hand_over(from, to) : done;
}

}  // namespace

Result<MoveReport> move_store(StoreTransfer& from, StoreTransfer& to, Random& random, const MoveProgress& progress) {
  const Result<Plan> plan = make_plan(from, to, random);
  if (!plan) {
    return fail(plan.error());
  }
  MoveReport report;
  report.resumed = plan->resumed;
  report.ended_before = plan->ended;
  if (plan->ended) {
    return report;
  }
  Result<void> done =
      plan->only_end ? from.begin_leaving(plan->move) : move_and_hand_over(from, to, *plan, report, progress);
  if (done) {
    done = from.end_leaving();
  }
  return done ? Result<MoveReport>(report) : fail(done.error());
}

}  // namespace disposable
