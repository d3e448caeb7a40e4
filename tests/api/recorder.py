"""A client that has every answer checked against the description, and a record of what was answered."""

import http.client
import json
import socket

from description import PROBLEM, Answer, kind_of

# Where every value of an enumeration and every optional member has to be seen, too.
COMPLETE = ("SecretStatus", "RequestStatus", "ServiceFacts", "CreatedSharedSecret", "CreatedRequest")


def words_of(kind, body):
    """What tells answers of one status apart: a problem's name, a sentence, or nothing."""
    if not kind.endswith("json"):
        return None
    value = json.loads(body)
    if kind == "application/problem+json":
        return value["type"].removeprefix(PROBLEM)
    detail = value.get("detail") if isinstance(value, dict) else None
    return detail if isinstance(detail, str) else None


class Record:
    """What was answered, for (method, path template): {(status, content type, words)}, and members of objects."""

    def __init__(self, description):
        self.description = description
        self.answers = set()
        self.members = set()
        self.mistakes = set()  # types of FieldError
        self.faults = []
        self.count = 0

    def add(self, method, target, answer, request=""):
        """Also what is wrong with it."""
        self.count += 1
        path = target.split("?")[0]
        faults = self.description.faults(method, target, answer)
        self.faults += [f"{request or method + ' ' + target}: {answer.status}: {fault}" for fault in faults]
        key = self.description.operation(method, path)
        if key is None or faults:
            return
        status, _ = self.description.listed(method, path, answer.status)
        kind = kind_of(answer)
        if answer.status == 422:
            value = json.loads(answer.body)
            errors = value.get("errors", value["detail"])
            self.mistakes |= {error["type"] for error in errors} if isinstance(errors, list) else set()
        words = None if method == "HEAD" else words_of(kind, answer.body)
        self.answers |= {(key, status), (key, status, kind), (key, status, words)}
        if status < "300" and kind == "application/json" and method != "HEAD":
            value = json.loads(answer.body)
            self.members |= {(key, status, name) for name in value}
            self.members |= {(key, status, name, member) for name, member in value.items() if isinstance(member, str)}

    def wanted(self):
        """All that the description lists, in the form of `answers` and `members`."""
        for key, operation in self.description.operations.items():
            for status, response in operation["responses"].items():
                yield key, status
                for kind, content in response["content"].items():
                    yield key, status, kind
                    if status == "default":
                        continue
                    samples = [example["value"] for example in content.get("examples", {}).values()]
                    samples += [content["example"]] if "example" in content else []
                    for sample in samples if kind.endswith("json") else []:
                        yield key, status, words_of(kind, json.dumps(sample))
                    yield from self._members(key, status, content["schema"])

    def _members(self, key, status, schema):
        if schema in [self.description.schema(name) for name in COMPLETE]:
            for name, member in schema["properties"].items():
                yield key, status, name
                for value in member.get("enum", ()):
                    yield key, status, name, value

    def missing(self):
        return sorted(set(self.wanted()) - self.answers - self.members, key=str)


def read_answer(connection, method):
    """The Answer on a socket, None when it ends without one."""
    response = http.client.HTTPResponse(connection, method=method)
    try:
        response.begin()
        body = response.read()
    except (http.client.BadStatusLine, ConnectionError):
        return None
    finally:
        response.close()
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class Asker:
    """Requests to a port of 127.0.0.1, each over a connection of its own, for which `record` is kept. Where `address` is
    given it is that of the client, as a trusted proxy tells it."""

    def __init__(self, record, port, address=None):
        self.record, self.port = record, port
        self.fields = {"X-Forwarded-For": address} if address else {}

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def ask(self, method, target, headers=None, body=None, announced=None):
        """The Answer. `announced` is a Content-Length of which nothing comes but `body`."""
        fields = {"Host": "127.0.0.1", "Connection": "close"} | self.fields | (headers or {})
        if body is not None or announced:
            fields["Content-Length"] = str(announced or len(body))
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
        return self.raw(head.encode("latin-1") + (body or b""), method, target)

    def raw(self, sent, method, target, wait=True):
        """As ask(), of bytes as they are. Without `wait` the connection's other half is closed at once."""
        with self.connect() as connection:
            connection.sendall(sent)
            if not wait:
                connection.shutdown(socket.SHUT_WR)
            answer = read_answer(connection, method)
        if answer is not None:
            self.record.add(method, target, answer, repr(sent[:300]))
        return answer

    def json(self, target, value, method="POST", headers=None):
        return self.ask(method, target, {"Content-Type": "application/json"} | (headers or {}), json.dumps(value).encode())

    def v2(self, operation, **value):
        """(status, object, bytes or problem's name)"""
        answer = self.json("/api/v2/" + operation, value)
        if kind_of(answer) == "application/octet-stream":
            return answer.status, answer.body
        said = json.loads(answer.body)
        return answer.status, (said if answer.status < 400 else words_of(kind_of(answer), answer.body))

    def example(self, key, headers=None, announced=None):
        """Asks for an operation by its own example."""
        target, fields, body = self.record.description.example(key)
        return self.ask(key[0], target, fields | (headers or {}), None if announced else body, announced)

    def bytes(self, target, data, headers=None):
        """(status, object or problem's name)"""
        answer = self.ask("POST", target, {"Content-Type": "application/octet-stream"} | (headers or {}), data)
        return answer.status, (json.loads(answer.body) if answer.status < 400 else words_of(kind_of(answer), answer.body))
