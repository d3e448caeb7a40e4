"""README's tables against the program: options with their defaults, metrics, and the fields of a request's log line."""

import json
import re
import unittest

from fixture import ServiceCase
from service import REPOSITORY, run
from suite import wait_until

PREFIX = "disposable_secrets_"


def table(*first_headings):
    """{name: second cell} of README's tables whose first heading is one of these, all of which must be there. A row may
    name several things, with as many values, or any one text, in the second cell."""
    rows, headings, inside = [], set(), False
    for line in (REPOSITORY / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] in first_headings:
            headings.add(cells[0])
            inside = True
        elif inside and not cells[0].startswith("---"):
            names = re.findall(r"`([^`]+)`", cells[0])
            values = [value.strip("`") for value in cells[1].split(", ")]
            rows += zip(names, values if len(values) == len(names) else [cells[1]] * len(names))
    missing, names = set(first_headings) - headings, [name for name, _ in rows]
    assert not missing and len(set(names)) == len(names), f"headings {missing} are missing, or names are there twice: {names}"
    return dict(rows)


def options_of_help():
    """{option: default} as `serve --help` says them."""
    done = run("serve", "--help")
    assert done.returncode == 0, done.stderr
    options = {}
    for name, text in re.findall(r"^  (--[a-z-]+) (.*)$", done.stdout, re.MULTILINE):
        default = re.search(r"\(([^()]*)\)(; repeatable)?$", text)
        options[name] = default.group(1) if default else "off"
    return options


class OptionsTest(unittest.TestCase):
    def test_the_tables_name_the_options_of_serve_with_their_defaults(self):
        self.maxDiff = None
        options = options_of_help()
        self.assertIn("--listen", options)
        self.assertEqual(table("Option", "Limit of connections", "Limit of clients and storage"), options)

    def test_readme_manual_and_configuration_file_name_the_same_as_in_force_on_a_reload(self):
        texts = {"README": (REPOSITORY / "README.md").read_text(),
                 **{what: run("document", what).stdout.replace("\\-", "-") for what in ("config", "manual-conf")}}
        named = {}
        for what, text in texts.items():
            paragraph = re.search(r"In force (?:from|with) .*?(?:For everything|Everything) else", text, re.DOTALL)[0]
            named[what] = {option for option in options_of_help()
                           if re.search(rf"(?:(?<=[ `]--)|(?<![\w-])){option[2:]}(?![\w-])", paragraph)}
        self.assertIn("--creators", named["README"])
        self.assertEqual(named["config"], named["README"])
        self.assertEqual(named["manual-conf"], named["README"])


class ObservedTest(ServiceCase):
    def test_the_table_names_the_problems_with_their_statuses(self):
        document = json.loads(self.client.request("GET", "/openapi.json")[2])
        problem = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
        listed = table("Problem")
        self.assertEqual(sorted(listed), sorted(name.rsplit(":", 1)[1] for name in problem if name != "about:blank"))
        for name, status in re.findall(r'"type": "urn:[a-z-]+:problem:([a-z-]+)", "title": "[^"]+", "status": (\d+)',
                                       json.dumps(document)):
            self.assertEqual(listed[name], status, name)

    def test_the_table_names_the_metrics(self):
        status, _, text = self.client.request("GET", "/metrics")
        samples = re.findall(r"^(\w+)[ {]", text.decode(), re.MULTILINE)
        self.assertEqual((status, [name for name in samples if not name.startswith(PREFIX)]), (200, []))
        names = {re.sub(r"_(bucket|sum|count)$", "", name.removeprefix(PREFIX)) for name in samples}
        store = "Redis" if any(name.startswith("store_redis_") for name in names) else "the data folder"
        self.assertEqual(sorted(table("Metric", f"Metric of a store in {store}")), sorted(names))

    def test_the_table_names_the_labels_of_limits_and_connections(self):
        text = self.client.request("GET", "/metrics")[2].decode()
        meanings = table("Metric")
        for name, label in (("limit_hits_total", "limit"), ("http_connections", "state")):
            with self.subTest(name):
                values = re.findall(rf'^{PREFIX}{name}{{{label}="(\w+)"}}', text, re.MULTILINE)
                self.assertEqual(re.findall(r"`(\w+)`", meanings[name]), [label, *values])

    def test_the_table_names_the_fields_of_a_request_in_the_log(self):
        self.client.request("GET", "/healthz")
        line = wait_until(lambda: next((line for line in self.service.log if '"/healthz"' in line), None), 5, "its line")
        self.assertEqual(list(table("Field")), [*json.loads(line), "tls"])
