"""The page in a browser, against a fake of API v2, and its end-to-end format against the vectors."""

import unittest

import fake_api
import node_tools


class PageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        node_tools.prepare()

    def run_in_browser(self, name):
        with fake_api.serving(node_tools.PAGE) as (url, _):
            passed, said = node_tools.node_test(name, FAKE_URL=url)
        self.assertTrue(passed, said)

    def test_the_format_is_that_of_the_vectors_and_passwords_are_even(self):
        for name in ("format", "parts"):
            passed, said = node_tools.node_test(name)
            self.assertTrue(passed, said)

    def test_it_does_what_its_users_expect(self):
        self.run_in_browser("page")

    def test_a_bad_network_costs_nothing(self):
        self.run_in_browser("network")

    def test_the_words_of_each_language_are_whole(self):
        passed, said = node_tools.node_test("locales")
        self.assertTrue(passed, said)

    def test_every_state_is_accessible(self):
        self.run_in_browser("states")

    def test_the_type_checker_finds_nothing(self):
        node_tools.run(node_tools.TOOLS / "node_modules/.bin/tsc", "-p", node_tools.ROOT / "src/web/page")


if __name__ == "__main__":
    unittest.main()
