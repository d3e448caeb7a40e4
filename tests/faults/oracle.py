"""What was asked, what was answered, and what must therefore be true; kept outside the faulty folder.

Every operation ends as done (200), refused (410 and the like), or unknown: a 503 or a broken connection, after which it may
or may not have happened. A secret is used by one thread at a time, so that every answer can be judged at once.
"""

import collections
import http.client
import random
import threading

# What the service may answer when it cannot commit. Anything else from 500 on is a finding, and so is a 404.
UNKNOWN = 503
# What it answers to create when it will not store more: nothing has happened.
FULL = 507


class Secret:
    def __init__(self, key, text, passphrase=None):
        self.key = key
        self.text = text
        self.passphrase = passphrase
        self.retrieved = False
        self.deleted = False
        self.maybe_retrieved = False
        self.maybe_deleted = False
        self.seen_spent = False

    @property
    def surely_spent(self):
        return self.retrieved or self.deleted or self.seen_spent

    @property
    def maybe_spent(self):
        return self.maybe_retrieved or self.maybe_deleted


class Oracle:
    """Thread-safe. `wrong` collects everything that must not be; `answers` counts (operation, answer).

    Set `ambiguous` before the disk is cut off: the kernel may then confirm to the service what it has lost, so a 200 from
    that moment on counts as unknown.
    """

    def __init__(self, seed=0):
        self.secrets = []
        self.answers = collections.Counter()
        self.wrong = []
        self.maybe_created = 0
        self.ambiguous = False
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def _ask(self, operation, question):
        """(status, body); status None when the connection broke."""
        try:
            status, body = question()
        except (OSError, http.client.HTTPException):
            status, body = None, None
        with self._lock:
            self.answers[operation, status or "broken"] += 1
            if status == 200 and self.ambiguous:
                self.answers[operation, "200 while the disk went"] += 1
        return status, body

    def _finding(self, text):
        with self._lock:
            self.wrong.append(text)

    def create(self, client, size=40, passphrase=None):
        """The secret, or None."""
        with self._lock:
            text = f"{self._random.getrandbits(128):032x}" * (size // 32 + 1)
        body = {"secret": text, "ttl_seconds": 86400} | ({"passphrase": passphrase} if passphrase else {})
        status, answer = self._ask("create", lambda: client.json("POST", "/api/v1/secret", body))
        if status == 200 and not self.ambiguous:
            secret = Secret(answer["secret_key"], text, passphrase)
            with self._lock:
                self.secrets.append(secret)
            return secret
        if status == FULL:
            return None
        if status in (None, UNKNOWN, 200):
            with self._lock:
                self.maybe_created += 1
        else:
            self._finding(f"create answered {status}: {answer}")
        return None

    def retrieve(self, client, secret):
        status, answer = self._ask("retrieve", lambda: client.retrieve(secret.key))
        if status == 200:
            if secret.surely_spent:
                self._finding(f"a spent secret was handed out: {vars(secret) | {'text': len(secret.text)}}")
            if answer != {"secret": secret.text}:
                self._finding("a secret came back changed")
            secret.retrieved = not self.ambiguous
            secret.maybe_retrieved = self.ambiguous
        elif status in (None, UNKNOWN):
            secret.maybe_retrieved = True
        else:
            self._judge_spent("retrieve", status, secret)
        return status

    def delete(self, client, secret):
        status, _ = self._ask("delete", lambda: client.delete(secret.key, secret.passphrase))
        if status == 200:
            if secret.surely_spent:
                self._finding("a spent secret was deleted")
            secret.deleted = not self.ambiguous
            secret.maybe_deleted = self.ambiguous
        elif status in (None, UNKNOWN):
            secret.maybe_deleted = True
        elif status != 429 or not secret.passphrase:
            self._judge_spent("delete", status, secret)
        return status

    def _judge_spent(self, operation, status, secret):
        if status != 410:
            self._finding(f"{operation} of a known secret answered {status}")
        elif not (secret.surely_spent or secret.maybe_spent):
            self._finding(f"{operation} answered 410 for a secret that nobody has spent")
        secret.seen_spent = True

    def count(self, answer, operation=None):
        return sum(number for (name, status), number in self.answers.items()
                   if status == answer and operation in (None, name))

    def refused(self):
        return self.count(UNKNOWN) + self.count(FULL)

    def summary(self):
        per_operation = collections.defaultdict(list)
        for (name, status), number in sorted(self.answers.items(), key=str):
            per_operation[name].append(f"{number} x {status}")
        return "; ".join(f"{name}: {', '.join(parts)}" for name, parts in per_operation.items())


def read_back(service, oracle, sample=40):
    """Retrieves every secret from a healthy service, stops it, and compares the audit log. What is wrong, as a list."""
    client = service.client()
    for secret in list(oracle.secrets):
        before = (secret.surely_spent, secret.maybe_spent)
        status = oracle.retrieve(client, secret)
        allowed = {(True, True): (410,), (True, False): (410,), (False, True): (200, 410), (False, False): (200,)}[before]
        if status not in allowed:
            oracle.wrong.append(f"after the fault: {status}, not {allowed}")
    client.close()
    if (code := service.stop()) != 0:
        oracle.wrong.append(f"a healthy service ended with {code}: {service.log[-3:]}")
    _judge_audit(service, oracle, sample)
    return oracle.wrong


def _judge_audit(service, oracle, sample):
    report, code = service.audit_verify()
    if code != 0:
        oracle.wrong.append(f"audit verify: {report}")
    rows = collections.defaultdict(list)
    for row in service.audit():
        rows[row["secret_key"]].append(row["action"])
    for actions in rows.values():
        if actions[0] != "created" or actions.count("created") != 1:
            oracle.wrong.append(f"rows {actions}: not created once, first")
        if actions.count("retrieved") + actions.count("deleted") > 1 or set(actions) - {"created", "retrieved", "deleted"}:
            oracle.wrong.append(f"rows {actions}")
    known = len(oracle.secrets)
    if not known <= len(rows) <= known + oracle.maybe_created:
        oracle.wrong.append(f"{len(rows)} secrets in the log, {known} known and {oracle.maybe_created} perhaps created")
    for action in ("retrieved", "deleted"):
        sure = sum(getattr(secret, action) for secret in oracle.secrets)
        maybe = sum(getattr(secret, f"maybe_{action}") and not secret.retrieved and not secret.deleted
                    for secret in oracle.secrets)
        found = sum(actions.count(action) for actions in rows.values())
        if not sure <= found <= sure + maybe:
            oracle.wrong.append(f"{found} rows {action} for {sure} operations and {maybe} unknown ones")
    # By now every known secret is spent, and there is a row for each.
    spent = sum("retrieved" in actions or "deleted" in actions for actions in rows.values())
    if spent != known:
        oracle.wrong.append(f"{spent} secrets are spent in the log, {known} in truth")
    # In bulk the log cannot be told apart by key; a sample can.
    for secret in random.Random(known).sample(oracle.secrets, min(sample, known)):
        actions = [row["action"] for row in service.audit("--secret-key", secret.key)]
        allowed = [["created", action] for action in ("retrieved", "deleted")
                   if getattr(secret, action) or (not secret.retrieved and not secret.deleted
                                                  and getattr(secret, f"maybe_{action}"))]
        if actions not in allowed:
            oracle.wrong.append(f"rows {actions} of a secret with one of {allowed}")
