"""The oracle: every operation on every secret, with its interval and its outcome. It lives in the driver's memory, out of
reach of the process that is killed. An operation without an answer is kept as `unknown` and never dropped."""

import collections
import dataclasses
import random
import threading
import time

# Kinds. A guess is a DELETE with a wrong or missing passphrase of a guarded secret.
CREATE, RETRIEVE, DELETE, GUESS = "create", "retrieve", "delete", "guess"
# Outcomes. Busy is a refusal that says nothing about the secret: the passphrase lane was full.
DONE, SPENT, ABSENT, DENIED, LOCKED, BUSY, UNKNOWN = "done", "spent", "absent", "denied", "locked", "busy", "unknown"

RETENTION_SECONDS = 300
LONG_TTL = 86_400
# The lock of a secret ends after 15 minutes; none is tried for that long, so that the judge need not know of it.
GUARDED_AGE_MAX = 600


@dataclasses.dataclass(slots=True)
class Operation:
    kind: str
    outcome: str
    start: float  # monotonic seconds, before the first byte left
    end: float  # after the last byte arrived; of an unknown outcome: when the process was gone
    life: int = 0

    def describe(self, origin):
        return f"{self.start - origin:9.4f} to {self.end - origin:9.4f} s, life {self.life}: {self.kind} {self.outcome}"


class Secret:
    """One secret whose key was received. Operations are appended by any thread; everything else is set once."""

    __slots__ = ("serial", "size", "ttl", "passphrase", "key", "operations", "wrong_content")

    def __init__(self, serial, size, ttl=LONG_TTL, passphrase=None):
        self.serial = serial
        self.size = size
        self.ttl = ttl
        self.passphrase = passphrase
        self.key = None
        self.operations = []
        self.wrong_content = False

    def content(self):
        """Exactly `size` bytes of UTF-8 that no other secret has, once there is room for its number."""
        head = f'{self.serial:x} \u00e9"\\\n'.encode()
        filler = f"{self.serial * 2654435761 % 2**32:08x}"
        body = head if self.size >= len(head) else b""
        rest = self.size - len(body)
        return (body + (filler * (rest // 8 + 1))[:rest].encode()).decode()

    def count(self, kind, outcome):
        return sum(operation.kind == kind and operation.outcome == outcome for operation in self.operations)

    def first_life_spent(self):
        """The life in which it was first answered that the secret is gone; None when never."""
        lives = [operation.life for operation in self.operations
                 if operation.outcome in (SPENT, ABSENT)
                 or (operation.outcome == DONE and operation.kind in (RETRIEVE, DELETE))]
        return min(lives, default=None)

    def maybe_spent(self):
        return any(operation.outcome == UNKNOWN and operation.kind in (RETRIEVE, DELETE)
                   for operation in self.operations)

    def age(self):
        return time.monotonic() - self.operations[0].start


class Oracle:
    """What is known, and the pools the clients choose from. Thread-safe."""

    def __init__(self, seed):
        self.seed = seed
        self.origin = time.monotonic()
        self.secrets = []
        self.unknown_creates = 0
        self.totals = collections.Counter()  # (kind, outcome)
        self.violations = []  # (category, text)
        self.guarded = []
        self.fleeting = []  # with a short time to live
        self._lock = threading.Lock()
        self._serial = 0
        self._open = []  # most of them live; some were spent meanwhile
        self._pending = []  # unknown outcomes of the life that is running: they end when it does
        self._unsettled = {}  # by serial: not yet read in a life after the one that spent it
        self._unjudged = {}

    def new_secret(self, size, ttl=LONG_TTL, passphrase=None):
        with self._lock:
            self._serial += 1
            return Secret(self._serial, size, ttl, passphrase)

    def record(self, secret, operation):
        with self._lock:
            self.totals[operation.kind, operation.outcome] += 1
            if operation.outcome == UNKNOWN:
                self._pending.append(operation)
            if operation.outcome == BUSY:
                return
            if operation.kind == CREATE:
                if operation.outcome != DONE:
                    self.unknown_creates += 1
                    return
                self._admit(secret)
            secret.operations.append(operation)
            self._unjudged[secret.serial] = secret
            spent_in = secret.first_life_spent()
            if spent_in is None or spent_in == operation.life:
                self._unsettled[secret.serial] = secret
            else:
                self._unsettled.pop(secret.serial, None)

    def _admit(self, secret):
        self.secrets.append(secret)
        pool = self.guarded if secret.passphrase else self.fleeting if secret.ttl < LONG_TTL else self._open
        pool.append(secret)

    def complain(self, category, text):
        with self._lock:
            self.violations.append((category, text))

    def take_open(self, chooser):
        """A secret that is probably live and that nobody else will take; None when there is none."""
        with self._lock:
            if not self._open:
                return None
            at = chooser.randrange(len(self._open))
            self._open[at], self._open[-1] = self._open[-1], self._open[at]
            return self._open.pop()

    def some(self, pool, chooser):
        with self._lock:
            return chooser.choice(pool) if pool else None

    def forget(self, pool, secret):
        with self._lock:
            if secret in pool:
                pool.remove(secret)

    def recent(self, chooser):
        """One of the last secrets created, whatever became of it."""
        with self._lock:
            return chooser.choice(self.secrets[-200:]) if self.secrets else None

    def end_life(self, gone_at):
        """The process is gone: what had no answer has happened by now, or never will."""
        with self._lock:
            for operation in self._pending:
                operation.end = gone_at
            self._pending.clear()

    def to_read_back(self, chooser):
        """What to read after a restart. Half of the secrets that nobody has tried to spend stay for later lives."""
        with self._lock:
            chosen = []
            for secret in list(self._unsettled.values()):
                untouched = secret.first_life_spent() is None and not secret.maybe_spent()
                if not untouched or (not secret.passphrase and chooser.random() < 0.5):
                    chosen.append(secret)
                elif secret.ttl == LONG_TTL:
                    del self._unsettled[secret.serial]
            return chosen

    def unread(self):
        """Everything whose end nobody has seen in a life of its own."""
        with self._lock:
            return [secret for secret in self.secrets
                    if secret.serial in self._unsettled or secret.first_life_spent() is None]

    def take_unjudged(self):
        with self._lock:
            taken = list(self._unjudged.values())
            self._unjudged.clear()
            return taken

    def chooser(self, *names):
        """Randomness that depends on the seed and the names only."""
        return random.Random("/".join(map(str, (self.seed, *names))))
