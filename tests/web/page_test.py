"""The pages in a browser, served over TLS by the release executable, and the end-to-end format against the vectors. What is
tested stands in the *.test.mjs; two of them at a time keep both processors busy."""

import json
import pathlib
import tempfile
import unittest

import node_tools
from world import World

# A secret's key is a UUID of version 4; a link's has 43 characters, the others more.
SHAPE_OF_A_KEY = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|(?<![\w-])[\w-]{43,}"


class PageTest(unittest.TestCase):
    def setUp(self):
        node_tools.prepare()

    def passes(self, *names):
        passed, said = node_tools.node_test(*names)
        self.assertTrue(passed, said)

    def test_the_format_is_that_of_the_vectors_and_passwords_are_even(self):
        self.passes("format", "parts")

    def test_the_words_of_each_language_are_whole(self):
        self.passes("locales")

    def test_the_type_checker_finds_nothing(self):
        node_tools.run(node_tools.TOOLS / "node_modules/.bin/tsc", "-p", node_tools.ROOT / "src/web/page")


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        node_tools.prepare()
        cls.world = cls.enterClassContext(World())

    def passes(self, *names, **environment):
        passed, said = node_tools.node_test(*names, **self.world.environment, **environment)
        self.assertTrue(passed, said)

    def test_it_does_what_its_users_expect(self):
        self.passes("page", "reading", "editor")

    def test_a_bad_network_costs_nothing(self):
        self.passes("network", "late")

    def test_every_state_is_accessible(self):
        self.passes("states")

    def test_the_page_and_the_client_open_what_the_other_makes(self):
        self.passes("exchange")

    def test_nothing_that_a_stranger_writes_runs_and_of_two_browsers_one_reads_a_secret(self):
        self.passes("injection", "race")

    def test_no_key_leaves_the_browser_or_gets_into_a_log(self):
        with tempfile.TemporaryDirectory() as folder:
            leaks = pathlib.Path(folder, "leaks")
            self.passes("leaks", LEAKS_FILE=str(leaks))
            keys = json.loads(leaks.read_text())
        proxy, service = self.world.nginx.combined_log(), "\n".join(self.world.plain.log)
        for log in (proxy, service):
            for key in keys:
                self.assertNotIn(key, log)
        for log in (proxy, service, "\n".join(self.world.service.log)):  # the last is that of the tests before, too
            self.assertNotRegex(log, SHAPE_OF_A_KEY)
        self.assertRegex(proxy, r'"GET /imprint HTTP/1.1" 404 \d+ "-"')
        self.assertRegex(proxy, r'"POST /api/v2/secrets/retrieve HTTP/1.1" 200 \d+ "-"')
        self.assertIn('"route":"/api/v2/secrets/retrieve"', service)

    def test_the_documentation_has_every_operation_and_no_policy_a_grave_weakness(self):
        self.passes("docs", "policy")


if __name__ == "__main__":
    unittest.main()
