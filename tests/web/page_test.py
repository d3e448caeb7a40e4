"""The page in a browser, served over TLS by the release executable, and its end-to-end format against the vectors."""

import unittest

import node_tools
from world import World


class PageTest(unittest.TestCase):
    def setUp(self):
        node_tools.prepare()

    def passes(self, name):
        passed, said = node_tools.node_test(name)
        self.assertTrue(passed, said)

    def test_the_format_is_that_of_the_vectors_and_passwords_are_even(self):
        self.passes("format")
        self.passes("parts")

    def test_the_words_of_each_language_are_whole(self):
        self.passes("locales")

    def test_the_type_checker_finds_nothing(self):
        node_tools.run(node_tools.TOOLS / "node_modules/.bin/tsc", "-p", node_tools.ROOT / "src/web/page")


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        node_tools.prepare()
        cls.world = cls.enterClassContext(World())

    def passes(self, name, **environment):
        passed, said = node_tools.node_test(name, **self.world.environment, **environment)
        self.assertTrue(passed, said)

    def test_it_does_what_its_users_expect(self):
        self.passes("page")

    def test_a_bad_network_costs_nothing(self):
        self.passes("network")

    def test_every_state_is_accessible(self):
        self.passes("states")

    def test_its_policy_has_no_grave_weakness(self):
        self.passes("policy")


if __name__ == "__main__":
    unittest.main()
