"""Can the judges fail? Histories with a known defect must each be reported under their name, and sound ones must pass.
Runs before every run of the driver: a judge that accepts everything would make its zeros worthless."""

import audit_check
from history import (ABSENT, CREATE, DELETE, DENIED, DONE, GUESS, LOCKED, LONG_TTL, RETRIEVE, SPENT, UNKNOWN, Operation,
                     Oracle, Secret)
from judge import judge

# Histories as (kind, outcome, start, end). Times in seconds; one second is as good as a life.
C = (CREATE, DONE, 0, 1)
FIVE_GUESSES = [(GUESS, DENIED, at, at + 1) for at in range(2, 12, 2)]

SOUND = {
    "read once": [C, (RETRIEVE, DONE, 2, 3), (RETRIEVE, SPENT, 4, 5)],
    "one of three readers wins": [C, (RETRIEVE, SPENT, 2, 5), (RETRIEVE, DONE, 3, 4), (DELETE, SPENT, 2, 6)],
    "a reader without an answer won": [C, (RETRIEVE, UNKNOWN, 2, 3), (RETRIEVE, SPENT, 4, 5)],
    "a reader without an answer lost": [C, (RETRIEVE, UNKNOWN, 2, 3), (RETRIEVE, DONE, 4, 5)],
    "the loser knew before the winner": [C, (RETRIEVE, SPENT, 2, 3), (RETRIEVE, UNKNOWN, 2, 4), (RETRIEVE, SPENT, 5, 6)],
    "expired on time": [C, (RETRIEVE, ABSENT, 4, 5)],
    "the fifth guess locks": [C, *FIVE_GUESSES, (DELETE, LOCKED, 12, 13), (RETRIEVE, DONE, 14, 15)],
    "a guess without an answer was the fifth": [C, *FIVE_GUESSES[:4], (GUESS, UNKNOWN, 10, 11), (GUESS, LOCKED, 12, 13)],
}

# name -> (violation, history, time to live)
DEFECTS = {
    "lost": ("acknowledged secret lost", [C, (RETRIEVE, ABSENT, 2, 3)], LONG_TTL),
    "lost, after an unknown retrieval": ("acknowledged secret lost",
                                         [C, (RETRIEVE, UNKNOWN, 2, 3), (RETRIEVE, ABSENT, 4, 5)], LONG_TTL),
    "gone before its time": ("acknowledged secret lost", [C, (RETRIEVE, ABSENT, 2, 3)], 10),
    "retrieved twice": ("retrieved twice", [C, (RETRIEVE, DONE, 2, 3), (RETRIEVE, DONE, 4, 5)], LONG_TTL),
    "retrieved twice at once": ("retrieved twice", [C, (RETRIEVE, DONE, 2, 5), (RETRIEVE, DONE, 3, 4)], LONG_TTL),
    "deletion undone": ("spending undone", [C, (DELETE, DONE, 2, 3), (RETRIEVE, DONE, 4, 5)], LONG_TTL),
    "retrieval undone": ("spending undone", [C, (RETRIEVE, UNKNOWN, 2, 3), (RETRIEVE, SPENT, 4, 5),
                                             (RETRIEVE, DONE, 6, 7)], LONG_TTL),
    "spent by nobody": ("no order explains the answers", [C, (RETRIEVE, SPENT, 2, 3)], LONG_TTL),
    "spent by a reader of a later life": ("no order explains the answers",
                                          [C, (RETRIEVE, SPENT, 2, 3), (RETRIEVE, UNKNOWN, 4, 5)], LONG_TTL),
    "retrieved and deleted": ("no order explains the answers", [C, (RETRIEVE, DONE, 2, 4), (DELETE, DONE, 3, 5)],
                              LONG_TTL),
    "alive after its time": ("no order explains the answers", [C, (RETRIEVE, DONE, 14, 15)], 10),
    "six guesses": ("wrong passphrases forgotten", [C, *FIVE_GUESSES, (GUESS, DENIED, 12, 13)], LONG_TTL),
    "deleted in spite of the lock": ("no order explains the answers", [C, *FIVE_GUESSES, (DELETE, DONE, 12, 13)],
                                     LONG_TTL),
    "locked too early": ("no order explains the answers", [C, *FIVE_GUESSES[:3], (GUESS, LOCKED, 12, 13)], LONG_TTL),
    "denied with the right passphrase": ("no order explains the answers", [C, (DELETE, DENIED, 2, 3)], LONG_TTL),
}

# Rows of a secret with this history that must be found wrong.
READ_ONCE = SOUND["read once"]
ROW_DEFECTS = {
    "missing row of a retrieval": (READ_ONCE, ["created"]),
    "missing row of a creation": (READ_ONCE, ["retrieved"]),
    "duplicated row of a creation": (READ_ONCE, ["created", "created", "retrieved"]),
    "duplicated row of a retrieval": (READ_ONCE, ["created", "retrieved", "retrieved"]),
    "two ways of spending": (READ_ONCE, ["created", "retrieved", "deleted"]),
    "a row that nobody caused": ([C], ["created", "deleted"]),
    "rows out of order": (READ_ONCE, ["retrieved", "created"]),
    "a refusal without its cause": ([C, (RETRIEVE, UNKNOWN, 2, 3), (RETRIEVE, SPENT, 4, 5)], ["created"]),
    "no row for a wrong passphrase": ([C, *FIVE_GUESSES], ["created"] + ["denied"] * 4),
    "no row for the lock": ([C, *FIVE_GUESSES], ["created"] + ["denied"] * 5),
    "expired long before its time": ([C], ["created", "expired"]),
}


def make_secret(history, ttl=LONG_TTL):
    secret = Secret(1, 10, ttl, passphrase="right")
    secret.key = "00112233-4455-4677-8899-aabbccddeeff"
    secret.operations = [Operation(*operation) for operation in history]
    return secret


class NamedLikeItsKey:
    """Stands in for Fingerprints."""

    @staticmethod
    def of(secret_key):
        return secret_key


def check_history_judge():
    for name, history in SOUND.items():
        verdict = judge(make_secret(history, ttl=3.5 if name == "expired on time" else LONG_TTL))
        if verdict is not None:
            yield f"'{name}' is sound and was reported as '{verdict}'"
    for name, (expected, history, ttl) in DEFECTS.items():
        verdict = judge(make_secret(history, ttl))
        if verdict != expected:
            yield f"'{name}' must be reported as '{expected}', not as '{verdict}'"


def check_content_judge():
    secret = make_secret(READ_ONCE)
    secret.wrong_content = True
    if judge(secret) != "wrong content":
        yield "another secret's content was not reported"


def check_row_judge():
    for name, (history, actions) in ROW_DEFECTS.items():
        if audit_check.judge_rows(make_secret(history), actions) is None:
            yield f"audit rows with '{name}' were not reported"
    if wrong := audit_check.judge_rows(make_secret(READ_ONCE), ["created", "retrieved"]):
        yield f"sound audit rows were reported: {wrong}"


def check_row_sums():
    """The same through the whole comparison: a missing row, a repeated event, a stranger."""
    sound = [("created", "a"), ("retrieved", "b")]
    cases = {"nothing": (sound, None), "a missing row": (sound[:1], "audit rows differ"),
             "a repeated event": (sound + [("retrieved", "b")], "audit event repeated"),
             "no row at all": ([], "audit rows differ")}
    for name, (events, expected) in cases.items():
        oracle = Oracle("self-test")
        secret = make_secret([])
        for operation in READ_ONCE:
            oracle.record(secret, Operation(*operation))
        rows = audit_check.Rows()
        for row_id, (action, event_id) in enumerate(events, start=1):
            rows.add(row_id, secret.key, action, event_id)
        categories = {category for category, _ in audit_check.findings(oracle, rows, NamedLikeItsKey)}
        if (expected is None and categories) or (expected is not None and expected not in categories):
            yield f"with {name} the comparison found {sorted(categories)}, not '{expected}'"
    rows = audit_check.Rows()
    rows.add(1, "stranger", "created", "a")
    if audit_check.judge_strangers(rows, set(), 0) is None:
        yield "a secret that nobody asked for was not reported"


def failures():
    """Sentences about what the judges got wrong; empty when all is well."""
    return [*check_history_judge(), *check_content_judge(), *check_row_judge(), *check_row_sums()]


def cases():
    return len(SOUND) + len(DEFECTS) + 1 + len(ROW_DEFECTS) + 1 + 5
