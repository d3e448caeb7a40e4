"""openapi.json as the service serves it, read strictly: what an answer may be, and what is wrong with one.

What it lists is taken for all there is: a member that it does not name is a fault, and so is a header field of those that
mean something, a content type, a status.
"""

import collections
import json
import re

import jsonschema

Answer = collections.namedtuple("Answer", "status headers body")  # names of header fields in lower case

# Answered for every operation, under `default`: a request that is no proper one. 500 is there, too, and is always a fault.
BEFORE_THE_OPERATION = {400, 408, 411, 414, 417, 431, 505}
TELLING = re.compile(r"allow|retry-after|www-authenticate|secret-.*")
UNCACHED = {"cache-control": "no-cache, no-store, must-revalidate", "pragma": "no-cache", "expires": "0",
            "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
PROBLEM = "urn:disposable-secrets:problem:"

FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time")
def _is_time(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) is not None


@FORMATS.checks("uuid")  # keys are random, version 4, and fingerprints are hashes, version 8
def _is_uuid(text):
    return re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[48][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text) is not None


def _closed(schema):
    """The same, with no member that it does not name."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    extra = {"additionalProperties": False} if schema.get("type") == "object" and "properties" in schema else {}
    return {name: _closed(part) for name, part in schema.items()} | extra


def kind_of(answer):
    return answer.headers.get("content-type", "").split(";")[0]


class Description:
    """`operations` maps (method, path template) to operations, with every reference in them resolved."""

    def __init__(self, document):
        self.document = document
        self.operations = {}
        for path, item in document["paths"].items():
            shared = item.get("parameters", [])
            for method, operation in item.items():
                if method != "parameters":
                    whole = self._resolved(operation | {"parameters": shared + operation.get("parameters", [])})
                    self.operations[(method.upper(), path)] = whole

    def _resolved(self, node):
        if isinstance(node, list):
            return [self._resolved(part) for part in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            return self._resolved(target)
        return {name: self._resolved(part) for name, part in node.items()}

    def schema(self, name):
        return self._resolved(self.document["components"]["schemas"][name])

    def template(self, path):
        """The path as it is listed, None when it is not."""
        for _, listed in self.operations:
            if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(listed)), path):
                return listed
        return None

    def methods(self, template):
        methods = {method for method, path in self.operations if path == template}
        pages = "GET" in methods and not template.startswith("/api")
        return methods | ({"HEAD"} if pages else set())

    def operation(self, method, path):
        """Its key in `operations`, None when there is no such operation. A page answers HEAD as it does GET."""
        template = self.template(path)
        if template is None or method not in self.methods(template):
            return None
        return ("GET" if method == "HEAD" else method), template

    def example(self, key):
        """(target, header fields, body): the first of its examples, as bytes where it takes bytes."""
        method, target = key
        operation, headers, body = self.operations[key], {}, None
        for parameter in operation["parameters"]:
            if parameter["in"] == "path":
                target = target.replace("{" + parameter["name"] + "}", parameter["example"])
            elif parameter["required"]:
                headers[parameter["name"]] = parameter["example"]
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            value = content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
            body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            headers["Content-Type"] = kind
            break
        return target, headers, body

    def listed(self, method, path, status):
        """(status or `default`, the response), or a fault. The status is None where no operation answers."""
        form = "Problem" if re.match(r"/api/v2(/|$)", path) else "ErrorDetail"
        plain = {"content": {"application/json" if form == "ErrorDetail" else "application/problem+json":
                             {"schema": self.schema(form)}}}
        early = {"content": {"application/json": {"schema": self.schema("ErrorDetail")}} | plain["content"]}
        key = self.operation(method, path)
        if key is None:
            if status in BEFORE_THE_OPERATION:
                return None, early
            expected = 404 if self.template(path) is None else 405
            return (None, plain) if status == expected else f"{status} where {expected} is the answer"
        responses = self.operations[key]["responses"]
        if str(status) in responses:
            return str(status), responses[str(status)]
        return ("default", responses["default"]) if status in BEFORE_THE_OPERATION else f"{status} is not listed"

    def faults(self, method, target, answer):
        """What is wrong with the answer to such a request."""
        path = target.split("?")[0]
        listed = self.listed(method, path, answer.status)
        if isinstance(listed, str):
            return [listed]
        faults = list(self._head_faults(method, path, answer, listed[1].get("headers", {})))
        kind = kind_of(answer)
        if kind not in listed[1]["content"]:
            return [*faults, f"content type {kind!r}"]
        if method == "HEAD":
            return [*faults, *(["HEAD has a body"] if answer.body else [])]
        return faults + self._body_faults(kind, listed[1]["content"][kind]["schema"], answer)

    def _head_faults(self, method, path, answer, listed):
        headers = answer.headers
        known = {name.lower(): header for name, header in listed.items()}
        allowed = self.methods(self.template(path)) if self.template(path) else set()
        if answer.status == 405:
            known["allow"] = {"schema": {"type": "string"}}
            if set(headers.get("allow", "").split(", ")) != allowed:
                yield f"Allow: {headers.get('allow')}, and not {allowed}"
        for name, header in known.items():
            if name not in headers:
                if header.get("required"):
                    yield f"without {name}"
                continue
            value = int(headers[name]) if header["schema"]["type"] == "integer" else headers[name]
            validator = jsonschema.Draft202012Validator(header["schema"])
            yield from (f"{name}: {error.message}" for error in validator.iter_errors(value))
        yield from (f"{name} is not listed" for name in headers if TELLING.fullmatch(name) and name not in known)
        if path.startswith("/api"):
            yield from (f"{name}: {headers.get(name)}" for name, value in UNCACHED.items() if headers.get(name) != value)
        if "date" not in headers or ("content-length" not in headers and method != "HEAD"):
            yield "without Date or Content-Length"

    @staticmethod
    def _body_faults(kind, schema, answer):
        if not kind.endswith("json"):
            return [] if answer.body else ["no body"]
        try:
            value = json.loads(answer.body)
        except ValueError as error:
            return [f"no JSON: {error}"]
        validator = jsonschema.Draft202012Validator(_closed(schema), format_checker=FORMATS)
        faults = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(value)]
        if kind == "application/problem+json" and value.get("status") != answer.status:
            faults.append(f"says that its status is {value.get('status')}")
        return faults
