"""An honest client: creates and retrieves secrets at a steady, modest rate and measures every answer.

    honest.py PORT SECONDS [CA_FILE]

Every other secret goes over one kept connection, the rest over a new connection each, whose time counts from before it
is opened. Prints one line of JSON. With a CA file it speaks TLS.
"""

import http.client
import json
import ssl
import sys
import time

PAIRS_PER_SECOND = 100


def connection(port, authority):
    if authority is None:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=authority)


def ask(client, method, path, value=None):
    """(decoded answer, milliseconds). Raises when it is refused."""
    began = time.monotonic()
    body = None if value is None else json.dumps(value)
    client.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    response = client.getresponse()
    content = response.read()
    taken = (time.monotonic() - began) * 1000
    if response.status != 200:
        raise ValueError(f"{method} was answered {response.status}: {content[:200]!r}")
    return json.loads(content), taken


def pair(client, number, times):
    secret = f"honest {number}"
    created, taken = ask(client, "POST", "/api/v1/secret", {"secret": secret})
    times.append(taken)
    retrieved, taken = ask(client, "GET", f"/api/v1/secret/{created['secret_key']}")
    times.append(taken)
    if retrieved["secret"] != secret:
        raise ValueError("another secret came back")


def main(port, seconds, authority_file=None):
    authority = ssl.create_default_context(cafile=authority_file) if authority_file else None
    kept = connection(port, authority)
    times, failures = [], []
    began = time.monotonic()
    number = 0
    while time.monotonic() < began + seconds:
        client = kept if number % 2 == 0 else connection(port, authority)
        try:
            pair(client, number, times)
        except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
            failures.append(f"{type(error).__name__}: {error}")
            client.close()
        if client is not kept:
            client.close()
        number += 1
        # A pace, not a wait for something: the machine is measured, not filled.
        time.sleep(max(0.0, began + number / PAIRS_PER_SECOND - time.monotonic()))
    kept.close()
    times.sort()
    at = lambda share: round(times[min(len(times) - 1, int(len(times) * share))], 2) if times else None
    print(json.dumps({"requests": len(times), "failed": len(failures), "failures": failures[:5], "p50_ms": at(0.5),
                      "p99_ms": at(0.99), "max_ms": at(1.0)}))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:4])
