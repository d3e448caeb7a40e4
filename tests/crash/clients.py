"""The clients: each does one operation at a time, and tells the oracle when it began, when it ended and what it gave."""

import collections
import threading
import time
import uuid

import history
from history import ABSENT, BUSY, CREATE, DELETE, DENIED, DONE, GUESS, LOCKED, RETRIEVE, SPENT, UNKNOWN
from wire import Connection, NotSent, Unanswered

CLIENTS = 16
# These two work on guarded secrets: Argon2 takes 20 ms of a core, so most of the load stays clear of it.
GUARDED_CLIENTS = 2
GUARDED_SECRETS = 12
# A full lane says "in a second", a lock says how much of its 15 minutes is left.
LOCK_RETRY_SECONDS_MIN = 10
MANY_OPERATIONS = 40
# One more than lock it, whatever was guessed before.
GUESSES_ENOUGH = 6


class Client:
    """One connection and one life of the service; `life` is what lives.Life is to it. One thread only."""

    def __init__(self, oracle, life, chooser):
        self.oracle = oracle
        self.life = life
        self.refused = False  # the last answer was a 503 that is excused
        self.chooser = chooser
        self._connection = Connection(life.address)

    def close(self):
        self._connection.close()

    def create(self, secret):
        body = {"secret": secret.content(), "ttl_seconds": secret.ttl}
        if secret.passphrase:
            body["passphrase"] = secret.passphrase
        self._perform(secret, CREATE, "POST", "/api/v1/secret", body, {200: DONE})

    def retrieve(self, secret):
        answers = {200: DONE, 410: SPENT, 404: ABSENT}
        answer = self._perform(secret, RETRIEVE, "GET", f"/api/v1/secret/{secret.key}", None, answers)
        if answer is not None and answer.status == 200 and answer.value("secret") != secret.content():
            secret.wrong_content = True

    def delete(self, secret, passphrase):
        right = secret.passphrase is None or passphrase == secret.passphrase
        answers = {200: DONE, 410: SPENT, 404: ABSENT, 403: DENIED}
        body = None if passphrase is None else {"passphrase": passphrase}
        self._perform(secret, DELETE if right else GUESS, "DELETE", f"/api/v1/secret/{secret.key}", body, answers)

    def retrieve_unknown(self):
        key = uuid.UUID(int=self.chooser.getrandbits(128), version=4)
        start = time.monotonic()
        answer = self._connection.exchange("GET", f"/api/v1/secret/{key}")
        self.refused = answer.status == 503 and self.life.excuses(start)
        if answer.status != 404 and not self.refused:
            self.oracle.complain("unexpected answer", f"{answer.status} for a key that was never given")

    def _perform(self, secret, kind, method, path, body, answers):
        """The answer, or None when the outcome is unknown. Records what happened."""
        start = time.monotonic()
        try:
            answer = self._connection.exchange(method, path, body)
        except Unanswered as unanswered:
            end = time.monotonic()
            self.life.note_broken(start, end)
            # An answer leaves only when its change is durable, so its first line is as good as all of it; but a
            # creation is of no use without its key.
            seen = answers.get(unanswered.status, UNKNOWN) if kind != CREATE else UNKNOWN
            self.oracle.record(secret, history.Operation(kind, seen, start, end, self.life.number))
            return None
        end = time.monotonic()
        outcome = answers.get(answer.status)
        if answer.status == 429 and kind != RETRIEVE:
            lock = int(answer.header(b"retry-after")) >= LOCK_RETRY_SECONDS_MIN
            outcome = LOCKED if lock and kind != CREATE else BUSY
        self.refused = answer.status == 503 and self.life.excuses(start)
        if self.refused:
            outcome = UNKNOWN
        if outcome is None:
            self.oracle.complain("unexpected answer",
                                 f"{answer.status} to {kind} in life {self.life.number}: {answer.body[:200]}")
            outcome = UNKNOWN
        if kind == CREATE and outcome == DONE:
            secret.key = answer.value("secret_key")
        self.oracle.record(secret, history.Operation(kind, outcome, start, end, self.life.number))
        return answer


class Load:
    """Mixed operations by all clients at once, until the service is gone."""

    def __init__(self, oracle, life):
        self._oracle = oracle
        self._life = life
        # Secrets that several clients should try to spend at the same time.
        self._races = collections.deque()
        self._threads = [threading.Thread(target=self._work, args=(number,)) for number in range(CLIENTS)]

    def start(self):
        for thread in self._threads:
            thread.start()

    def join(self):
        for thread in self._threads:
            thread.join()

    def _work(self, number):
        chooser = self._oracle.chooser(self._life.number, number)
        client = Client(self._oracle, self._life, chooser)
        act = self._act_guarded if number < GUARDED_CLIENTS else self._act
        while not self._life.over.is_set():
            start = time.monotonic()
            try:
                act(client, chooser)
            except NotSent:
                self._life.note_broken(start, time.monotonic())
                break
            except Unanswered:  # of a key that was never given: nothing to remember
                self._life.note_broken(start, time.monotonic())
        client.close()

    def _act(self, client, chooser):
        try:
            self._spend(client, chooser, self._races.popleft())
            return
        except IndexError:
            pass
        what = chooser.random()
        if what < 0.55:
            client.create(self._oracle.new_secret(self._size(chooser)))
        elif what < 0.60:
            client.create(self._oracle.new_secret(self._size(chooser), ttl=chooser.randint(1, 3)))
        elif what < 0.93:
            self._start_race(client, chooser)
        elif what < 0.96:
            self._retrieve_again(client, self._oracle.recent(chooser))
        elif what < 0.99:
            self._retrieve_again(client, self._oracle.some(self._oracle.fleeting, chooser))
        else:
            client.retrieve_unknown()

    @staticmethod
    def _size(chooser):
        what = chooser.random()
        if what < 0.1:
            return 1
        if what < 0.9:
            return chooser.randint(2, 400)
        return chooser.randint(401, 8192) if what < 0.99 else chooser.randint(8193, 102_400)

    def _start_race(self, client, chooser):
        secret = self._oracle.take_open(chooser)
        if secret is None:
            return
        if chooser.random() < 0.5:
            self._races.extend([secret] * chooser.randint(1, 4))
        self._spend(client, chooser, secret)

    @staticmethod
    def _spend(client, chooser, secret):
        if len(secret.operations) >= MANY_OPERATIONS:
            return
        if chooser.random() < 0.7:
            client.retrieve(secret)
        else:
            # Nothing guards it, so whatever passphrase is given is the right one.
            client.delete(secret, chooser.choice((None, "not needed")))

    def _retrieve_again(self, client, secret):
        if secret is None or secret.passphrase or len(secret.operations) >= MANY_OPERATIONS:
            return
        client.retrieve(secret)
        if secret.first_life_spent() is not None:
            self._oracle.forget(self._oracle.fleeting, secret)

    def _act_guarded(self, client, chooser):
        secret = self._oracle.some(self._oracle.guarded, chooser)
        if secret is None or len(self._oracle.guarded) < GUARDED_SECRETS:
            fresh = self._oracle.new_secret(chooser.randint(1, 400), passphrase=f"right {chooser.random()}")
            client.create(fresh)
            return
        if chooser.random() < 0.03 or secret.age() > history.GUARDED_AGE_MAX or secret.count(GUESS, LOCKED) > 1:
            self._end_guarded(client, chooser, secret)
        else:
            client.delete(secret, chooser.choice((None, "wrong", f"wrong {chooser.random()}")))

    def _end_guarded(self, client, chooser, secret):
        self._oracle.forget(self._oracle.guarded, secret)
        if secret.age() <= history.GUARDED_AGE_MAX and chooser.random() < 0.7:
            client.delete(secret, secret.passphrase)
        client.retrieve(secret)


def for_each(oracle, life, secrets, act):
    """act(client, secret) for all secrets by all clients at once. Raises when the service cannot be reached."""
    waiting = collections.deque(secrets)
    unreachable = threading.Event()

    def work(number):
        client = Client(oracle, life, oracle.chooser(life.number, "reader", number))
        try:
            while True:
                act(client, waiting.popleft())
        except IndexError:
            pass
        except NotSent:
            unreachable.set()
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if unreachable.is_set():
        raise AssertionError(f"no connection to the service in life {life.number}, which was not killed")


def use_up_guesses(client, secret):
    """Guesses until it locks: the guesses of all lives together must be five. Then reads it."""
    if secret.age() <= history.GUARDED_AGE_MAX:
        for _ in range(GUESSES_ENOUGH):
            if secret.count(GUESS, LOCKED) or secret.first_life_spent() is not None:
                break
            client.delete(secret, "wrong")
        client.delete(secret, secret.passphrase)
    client.retrieve(secret)
