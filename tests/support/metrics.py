"""Prometheus text format 0.0.4, read strictly: what it does not allow raises ValueError.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import collections
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"{}]|"(?:[^"\\]|\\.)*")*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"')
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
TYPES = ("counter", "gauge", "histogram")
PARTS = ("_bucket", "_sum", "_count")

Sample = collections.namedtuple("Sample", "name labels value")


def _labels(text):
    labels, at = {}, 0
    while at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in labels:
            raise ValueError(f"bad labels: {text}")
        labels[match[1]] = match[2]
        at = match.end()
        if at < len(text):
            if text[at] != "," or at + 1 == len(text):
                raise ValueError(f"bad labels: {text}")
            at += 1
    return labels


def _number(text):
    if not NUMBER.fullmatch(text):
        raise ValueError(f"bad number: {text}")
    return float(text)


class Family:
    """One metric: its type, its help, and its samples in the order of the text."""

    def __init__(self, name, help_text):
        self.name, self.help, self.type, self.samples = name, help_text, None, []

    def add(self, name, labels, value):
        allowed = [self.name + part for part in PARTS] if self.type == "histogram" else [self.name]
        if self.type is None or name not in allowed:
            raise ValueError(f"{name} is not among the samples of {self.name}")
        if any(sample.name == name and sample.labels == labels for sample in self.samples):
            raise ValueError(f"twice: {name} {labels}")
        self.samples.append(Sample(name, labels, value))

    def check(self):
        if self.type is None:
            raise ValueError(f"{self.name} has no type")
        if self.type == "counter" and (not self.name.endswith("_total") or any(one.value < 0 for one in self.samples)):
            raise ValueError(f"{self.name} is no counter")
        if self.type == "histogram":
            self._check_histogram()

    def _check_histogram(self):
        series = collections.defaultdict(lambda: {"_bucket": [], "_sum": [], "_count": []})
        for name, labels, value in self.samples:
            part = name[len(self.name):]
            place = series[tuple(sorted((key, text) for key, text in labels.items() if key != "le"))]
            if (part == "_bucket") != ("le" in labels):
                raise ValueError(f"{name}: only a bucket has a bound")
            bound = math.inf if labels.get("le") == "+Inf" else _number(labels.get("le", "0"))
            place[part].append((bound, value))
        for labels, parts in series.items():
            buckets = parts["_bucket"]
            if len(parts["_sum"]) != 1 or len(parts["_count"]) != 1 or not buckets or buckets[-1][0] != math.inf:
                raise ValueError(f"{self.name} {labels} is not complete")
            if any(one[0] >= next_one[0] or one[1] > next_one[1] for one, next_one in zip(buckets, buckets[1:])):
                raise ValueError(f"{self.name} {labels}: buckets do not grow")
            if buckets[-1][1] != parts["_count"][0][1]:
                raise ValueError(f"{self.name} {labels}: the last bucket is not the count")


def parse(text):
    """{name of the metric: Family}"""
    if not text.endswith("\n"):
        raise ValueError("the last line does not end")
    families, current = {}, None
    for line in text[:-1].split("\n"):
        word, _, rest = line.partition(" ")
        if word == "#":
            keyword, name, value = (rest.split(" ", 2) + ["", ""])[:3]
            if keyword == "HELP" and NAME.fullmatch(name) and value and name not in families:
                current = families[name] = Family(name, value)
            elif keyword == "TYPE" and current and name == current.name and current.type is None and value in TYPES:
                current.type = value
            else:
                raise ValueError(f"bad comment: {line}")
            continue
        match = SAMPLE.fullmatch(line)
        if not match or current is None:
            raise ValueError(f"bad line: {line!r}")
        current.add(match[1], _labels(match[2] or ""), _number(match[3]))
    for family in families.values():
        family.check()
    return families


class Metrics:
    """What one GET /metrics said; names are without the prefix of the service."""

    PREFIX = "disposable_secrets_"

    def __init__(self, text):
        self.text = text
        self.families = parse(text)
        strangers = [name for name in self.families if not name.startswith(self.PREFIX)]
        if strangers:
            raise ValueError(f"without the prefix: {strangers}")

    def value(self, name, **labels):
        """The sum of the samples that have these labels among theirs."""
        found = [sample.value for family in self.families.values() for sample in family.samples
                 if sample.name == self.PREFIX + name and labels.items() <= sample.labels.items()]
        if not found:
            raise KeyError(f"{name} {labels}")
        return sum(found)
