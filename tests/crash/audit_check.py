"""The audit log against the oracle: rows equal operations, for every secret and in sum.

The key of a secret is in no row. Its fingerprint is computed here from the keyring, as crypto/keyring.h documents it, so
that all rows can be told apart in bulk; `audit --secret-key` must agree on samples."""

import collections
import hashlib
import pathlib
import sqlite3
import uuid

from history import ABSENT, CREATE, DELETE, DENIED, DONE, GUESS, LONG_TTL, RETRIEVE, SPENT, UNKNOWN
from judge import WRONG_PASSPHRASES_MAX

CREATED, RETRIEVED, DELETED, EXPIRED, DENIED_ROW, LOCKED_ROW = ("created", "retrieved", "deleted", "expired", "denied",
                                                                "locked")
SPENDING = (RETRIEVED, DELETED, EXPIRED)
# The action that an acknowledged operation leaves behind.
ACTION = {(CREATE, DONE): CREATED, (RETRIEVE, DONE): RETRIEVED, (DELETE, DONE): DELETED, (GUESS, DENIED): DENIED_ROW}


class Fingerprints:
    """From a secret's key to its name in the audit log."""

    def __init__(self, key_file):
        lines = pathlib.Path(key_file).read_text().splitlines()
        root = bytes.fromhex(next(line.split()[1] for line in lines if line.startswith("root ")))
        self._key = hashlib.blake2b(b"audit fingerprint", key=root, digest_size=32).digest()
        self._known = {}

    def of(self, secret_key):
        if secret_key not in self._known:
            self._known[secret_key] = self._compute(secret_key)
        return self._known[secret_key]

    def _compute(self, secret_key):
        name = bytearray(hashlib.blake2b(uuid.UUID(secret_key).bytes, key=self._key, digest_size=16).digest())
        name[6] = name[6] & 0x0F | 0x80
        name[8] = name[8] & 0x3F | 0x80
        return str(uuid.UUID(bytes=bytes(name)))


class Rows:
    """All rows so far, per fingerprint. Reads only what is new; `audit verify` watches over what was read before."""

    def __init__(self):
        self.by_fingerprint = collections.defaultdict(list)  # actions in the order of the rows
        self.totals = collections.Counter()
        self.repeated_events = 0
        self._events = set()
        self._last_id = 0

    def add(self, row_id, fingerprint, action, event_id):
        self.repeated_events += event_id in self._events
        self._events.add(event_id)
        self.by_fingerprint[fingerprint].append(action)
        self.totals[action] += 1
        self._last_id = row_id

    def read(self, data_dir):
        connection = sqlite3.connect(f"file:{data_dir}/audit.db?mode=ro", uri=True)
        try:
            for row in connection.execute("SELECT id, secret_key, action, event_id FROM secret_logs WHERE id > ? "
                                          "ORDER BY id", (self._last_id,)):
                self.add(*row)
        finally:
            connection.close()

    def read_from(self, postgres, schema=None):
        """The same of a log in PostgreSQL, a backends.Postgres."""
        text = postgres.psql("COPY (SELECT id, secret_key, action, event_id FROM secret_logs "
                             f"WHERE id > {self._last_id} ORDER BY id) TO STDOUT", schema)
        for line in text.splitlines():
            row_id, *others = line.split("\t")
            self.add(int(row_id), *others)


def judge_rows(secret, actions):
    """What is wrong with the rows of one secret, or None."""
    count = collections.Counter(actions)
    spent = sum(count[action] for action in SPENDING)
    if count[CREATED] != 1 or actions[0] != CREATED:
        return f"{count[CREATED]} rows `created`, not one at the beginning"
    if spent > 1:
        return f"{spent} rows for spending one secret"
    for (kind, outcome), action in ACTION.items():
        acknowledged, maybe = secret.count(kind, outcome), secret.count(kind, UNKNOWN)
        if not acknowledged <= count[action] <= acknowledged + maybe:
            return f"{count[action]} rows `{action}` for {acknowledged} acknowledged and {maybe} unknown"
    if count[LOCKED_ROW] != count[DENIED_ROW] // WRONG_PASSPHRASES_MAX:
        return f"{count[LOCKED_ROW]} rows `locked` for {count[DENIED_ROW]} rows `denied`"
    answered = {operation.outcome for operation in secret.operations}
    if SPENT in answered and count[RETRIEVED] + count[DELETED] != 1:
        return "answered as retrieved or deleted, and no row says so"
    if ABSENT in answered and spent != 1:
        return "answered as expired, and no row says so"
    if count[EXPIRED] and secret.ttl == LONG_TTL:
        return "a row `expired` for a secret that lives for a day"
    return None


def judge_strangers(rows, known, unknown_creates):
    """What is wrong with the rows of secrets whose key nobody received, or None: creations without an answer."""
    strangers = [actions for fingerprint, actions in rows.by_fingerprint.items() if fingerprint not in known]
    if len(strangers) > unknown_creates:
        return f"{len(strangers)} secrets that nobody asked for; {unknown_creates} creations had no answer"
    for actions in strangers:
        if actions not in ([CREATED], [CREATED, EXPIRED]):
            return f"rows {actions} of a secret whose key nobody has"
    return None


def judge_totals(rows, totals):
    """Findings of the sums over everything: acknowledged <= rows <= acknowledged + unknown."""
    for (kind, outcome), action in ACTION.items():
        acknowledged, maybe = totals[kind, outcome], totals[kind, UNKNOWN]
        if not acknowledged <= rows.totals[action] <= acknowledged + maybe:
            yield f"{rows.totals[action]} rows `{action}` for {acknowledged} acknowledged and {maybe} unknown"


def findings(oracle, rows, fingerprints):
    """Everything wrong with the rows as they are, the service being stopped: (category, text)."""
    if rows.repeated_events:
        yield "audit event repeated", f"{rows.repeated_events} event ids more than once"
    known = set()
    for secret in oracle.secrets:
        fingerprint = fingerprints.of(secret.key)
        known.add(fingerprint)
        actions = rows.by_fingerprint.get(fingerprint)
        wrong = judge_rows(secret, actions) if actions else "no row at all"
        if wrong:
            yield "audit rows differ", f"{wrong}: {fingerprint}\n" + describe(secret, oracle.origin, actions)
    if wrong := judge_strangers(rows, known, oracle.unknown_creates):
        yield "audit rows differ", wrong
    for wrong in judge_totals(rows, oracle.totals):
        yield "audit sums differ", wrong


def describe(secret, origin, actions=None):
    """A secret's history for a person."""
    lines = [f"  secret {secret.serial}, {secret.size} bytes, ttl {secret.ttl} s"]
    lines += [f"    {operation.describe(origin)}" for operation in sorted(secret.operations, key=lambda each: each.start)]
    if actions is not None:
        lines.append(f"    audit rows: {', '.join(actions)}")
    return "\n".join(lines)
