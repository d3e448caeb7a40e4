"""The judge: is there an order of a secret's operations, each at one moment within its interval, that a correct service
could have answered like this? Operations with an unknown outcome may have happened within their interval, or not at all.

The model is the specification's: absent -> live -> spent -> forgotten, or live -> expired; five wrong passphrases lock
deletion. It shares no code with the service. The search tries every order (Wing and Gong, 1993) with a memory of the
dead ends; a secret has a handful of operations, so this takes microseconds."""

from history import (ABSENT, CREATE, DELETE, DENIED, DONE, GUESS, LOCKED, RETENTION_SECONDS, RETRIEVE, SPENT, UNKNOWN,
                     Operation)

WRONG_PASSPHRASES_MAX = 5
# The service tells time by the wall clock in whole milliseconds, this driver by the monotonic clock.
CLOCK_SLACK_SECONDS = 0.1

# States: (phase, wrong passphrases). What the key's holder is told when it is gone: 410 while spent, 404 afterwards.
LIVE, GONE, NOWHERE = "live", "gone", "nowhere"
INITIAL = (NOWHERE, 0)
# Time as operations: they must happen within their interval and are answered by nobody.
EXPIRE, FORGET = "expire", "forget"


def next_state(state, kind, outcome):
    """The state after the operation, or None when it cannot be answered so in this state."""
    phase, wrong = state
    if kind == CREATE:
        return (LIVE, 0) if phase == NOWHERE else None
    if kind == EXPIRE:
        return (NOWHERE, 0) if phase == LIVE else state
    if kind == FORGET:
        return (NOWHERE, 0)
    if phase != LIVE:
        told = SPENT if phase == GONE else ABSENT
        return state if outcome == told else None
    locked = wrong == WRONG_PASSPHRASES_MAX
    if outcome == LOCKED:
        return state if locked and kind in (DELETE, GUESS) else None
    if kind == RETRIEVE:
        return (GONE, 0) if outcome == DONE else None
    if kind == DELETE:
        return (GONE, 0) if outcome == DONE and not locked else None
    return (LIVE, wrong + 1) if outcome == DENIED and not locked else None


# What an operation did if it took effect without being answered.
EFFECT = {RETRIEVE: DONE, DELETE: DONE, GUESS: DENIED}


def passing_of_time(secret):
    """Expiry and the end of the tombstone, each within the interval that the creation's leaves."""
    created = secret.operations[0]
    lifetimes = {EXPIRE: secret.ttl, FORGET: max(secret.ttl, RETENTION_SECONDS)}
    latest = max(operation.end for operation in secret.operations)
    events = [Operation(kind, DONE, created.start + lifetime - CLOCK_SLACK_SECONDS,
                        created.end + lifetime + CLOCK_SLACK_SECONDS) for kind, lifetime in lifetimes.items()]
    return [event for event in events if event.start <= latest]


def explainable(operations):
    """Whether some order explains every answer."""
    operations = sorted(operations, key=lambda operation: operation.start)
    everything = (1 << len(operations)) - 1
    optional = sum(1 << i for i, operation in enumerate(operations) if operation.outcome == UNKNOWN)
    dead_ends = set()

    def search(done, state, latest_start):
        if done | optional == everything:
            return True
        if (done, state) in dead_ends:
            return False
        open_ends = [operation.end for i, operation in enumerate(operations) if not (done | optional) >> i & 1]
        first_end = min(open_ends)
        for i, operation in enumerate(operations):
            if operation.start > first_end:
                break
            if done >> i & 1 or operation.end < latest_start:
                continue
            outcome = EFFECT[operation.kind] if operation.outcome == UNKNOWN else operation.outcome
            following = next_state(state, operation.kind, outcome)
            if following is not None and search(done | 1 << i, following, max(latest_start, operation.start)):
                return True
        dead_ends.add((done, state))
        return False

    return search(0, INITIAL, float("-inf"))


def name_violation(secret):
    """The promise that an inexplicable history breaks, as far as one can tell."""
    retrieved = [operation for operation in secret.operations
                 if operation.kind == RETRIEVE and operation.outcome == DONE]
    if len(retrieved) > 1:
        return "retrieved twice"
    gone = [operation for operation in secret.operations
            if operation.outcome == SPENT or (operation.kind == DELETE and operation.outcome == DONE)]
    if any(before.end < after.start for before in gone for after in retrieved):
        return "spending undone"
    if any(operation.outcome == ABSENT for operation in secret.operations):
        return "acknowledged secret lost"
    if secret.count(GUESS, DENIED) > WRONG_PASSPHRASES_MAX:
        return "wrong passphrases forgotten"
    return "no order explains the answers"


def judge(secret):
    """The violation of this secret, or None."""
    if secret.wrong_content:
        return "wrong content"
    if explainable(secret.operations + passing_of_time(secret)):
        return None
    return name_violation(secret)


def contended(secret):
    """Whether two attempts to spend it overlapped."""
    attempts = sorted((operation.start, operation.end) for operation in secret.operations
                      if operation.kind in (RETRIEVE, DELETE))
    return any(after[0] < before[1] for before, after in zip(attempts, attempts[1:]))
