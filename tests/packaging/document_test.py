"""`document`: whatever it makes says what --help says, no more and no less, and works where it is used."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

import shells  # noqa: E402
from help_pages import accepted, read_pages  # noqa: E402
from service import Service, StartError, run  # noqa: E402

WHAT = ("manual", "manual-conf", "config", "bash", "zsh", "fish")
NO_DEFAULT_TO_TYPE = {"data-dir", "key-file", "token-file", "log-level", "store", "audit"}  # their help describes it
pages = []


def setUpModule():
    pages.extend(read_pages())


def generated(what):
    done = run("document", what)
    assert done.returncode == 0, done.stderr
    return done.stdout


def serve_options():
    """{name without hyphens: Option}, of those that a configuration file may hold."""
    serve = next(page for page in pages if page.name == "serve")
    return {name[2:]: option for name, option in serve.options.items() if name not in ("--help", "--config")}


class DocumentCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, what):
        path = self.folder / what
        path.write_text(generated(what))
        return path


class CommandTest(DocumentCase):
    def test_help_names_all_that_can_be_made(self):
        page = next(page for page in pages if page.name == "document")
        self.assertEqual(page.positionals, ["WHAT"])
        self.assertIn("{" + ",".join(WHAT) + "}", run("document", "--help").stdout)

    def test_nothing_and_nonsense_are_usage_errors(self):
        for arguments in ((), ("nonsense",), ("bash", "zsh")):
            done = run("document", *arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), arguments)
            self.assertRegex(done.stderr, r"\Adisposable-secrets: error: .*\nhint: try 'disposable-secrets document --help'\n\Z")

    def test_the_environment_changes_nothing(self):
        for what in WHAT:
            done = run("document", what, env={"HOME": "/nowhere", "XDG_DATA_HOME": "/elsewhere",
                                              "DISPOSABLE_SECRETS_WORKERS": "7", "DISPOSABLE_SECRETS_DATA_DIR": "/x"})
            self.assertEqual(done.stdout, generated(what), what)


class ManualTest(DocumentCase):
    def rendered(self, what):
        """Lines as they are printed, none broken. `mandoc` writes bold and underlined text by overstriking."""
        done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=900", self.file(what)], capture_output=True,
                              text=True, check=True)
        return re.sub(".\b", "", done.stdout).splitlines()

    def items(self, what, tag):
        """{heading: {name: (value name, help)}} of the list items whose tags look so."""
        found, heading, name = {}, "", ""
        pattern = re.compile(rf"       {tag}(?: +(?P<help>\S.*))?")
        for line in self.rendered(what):
            item = pattern.fullmatch(line)
            if re.match(r"( {0,3})\S", line):
                heading, name = line.strip(), ""
            elif item:
                name = item["name"]
                found.setdefault(heading, {})[name] = (item["value"] or "", item["help"] or "")
            elif name and line.strip():
                value, text = found[heading][name]
                found[heading][name] = (value, text or line.strip())
                name = ""
        return found

    def test_no_tool_has_a_warning(self):
        for what in ("manual", "manual-conf"):
            path = self.file(what)
            for command in (["mandoc", "-T", "lint"], ["groff", "-ww", "-z", "-man"], ["man", "--warnings", "-l"]):
                done = subprocess.run([*command, path], capture_output=True, text=True, check=False)
                said = done.stderr + (done.stdout if command[0] != "man" else "")
                self.assertEqual((done.returncode, said), (0, ""), command)

    def test_the_manual_has_the_options_of_every_help(self):
        expected = {page.name: {name: (option.value_name, option.help) for name, option in page.options.items()}
                    for page in pages if page.path}
        self.assertEqual(self.items("manual", r"(?P<name>--[a-z-]+)(?:, -h)?(?: (?P<value>[A-Z]+)(?= |$))?"), expected)

    def test_the_manual_has_the_positionals_of_every_help(self):
        found, commands = {}, generated("manual").split('\n.SS "')[1:]
        for command in commands:
            name, text = command.split('"', 1)
            found[name] = re.findall(r"^\.TP\n\\fI(\w+)\\fR$", text.split("\n.SH ")[0], re.MULTILINE)
        self.assertEqual(found, {page.name: page.positionals for page in pages if page.path})

    def test_the_manual_names_the_variable_of_every_option_that_has_one(self):
        found = self.items("manual", r"(?P<name>DISPOSABLE_SECRETS_[A-Z_]+)(?P<value>)")["ENVIRONMENT"]
        self.assertIn("DISPOSABLE_SECRETS_TOKEN", found)
        del found["DISPOSABLE_SECRETS_TOKEN"]  # of no option: arguments can be seen
        for variable, (_, option) in found.items():
            self.assertEqual(variable, "DISPOSABLE_SECRETS_" + option[2:].upper().replace("-", "_"))
        serve = {f"--{name}" for name in serve_options()} | {"--config"}
        self.assertEqual({option for _, option in found.values()} & serve, serve)

    def test_a_variable_of_the_manual_works(self):
        done = run("serve", env={"DISPOSABLE_SECRETS_WORKERS": "none"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("--workers", done.stderr)

    def test_the_synopsis_has_every_command_that_can_be_run(self):
        lines = self.rendered("manual")
        begin = lines.index("SYNOPSIS") + 1
        synopsis = {line.strip().removeprefix("disposable-secrets ") for line in lines[begin:lines.index("", begin)]}
        runnable = [page for page in pages
                    if page.path and (not page.commands or "[SUBCOMMAND]" in run(*page.path, "--help").stdout)]
        self.assertEqual(synopsis, {" ".join([page.name, "[option...]", *page.positionals]) for page in runnable})

    def test_the_manual_of_the_configuration_has_the_options_of_serve(self):
        found = self.items("manual-conf", r"(?P<name>[a-z-]+)(?: (?P<value>[A-Z]+|true)(?= |$))?")
        options = {name: item for heading, items in found.items() if heading != "EXAMPLES"
                   for name, item in items.items()}
        expected = {name: (option.value_name or "true", option.help) for name, option in serve_options().items()}
        self.assertEqual(options, expected)


class ConfigurationTest(DocumentCase):
    def lines(self):
        """[(help, name, value)] of the lines that can be uncommented."""
        found = re.findall(r"^# (.*)\n#([a-z-]+) =(?: (.*))?$", generated("config"), re.MULTILINE)
        self.assertEqual(len(found), len(re.findall("^#[^ \n]", generated("config"), re.MULTILINE)))
        return found

    def start(self, text):
        path = self.folder / "service.conf"
        path.write_text(text)
        service = Service(self.folder, ("--config", str(path)))
        self.addCleanup(service.kill)
        return service

    def test_it_has_the_options_of_serve_with_their_help(self):
        self.assertEqual({name: text for text, name, _ in self.lines()},
                         {name: option.help for name, option in serve_options().items()})

    def test_it_has_the_defaults_that_the_help_names(self):
        for text, name, value in self.lines():
            default = re.search(r"\(([^()]*)\)(; repeatable)?$", text)
            expected = default[1] if default else "false"
            self.assertEqual(value, "" if name in NO_DEFAULT_TO_TYPE or expected == "none" else expected, name)

    def test_all_of_it_is_commented_out(self):
        self.assertEqual([line for line in generated("config").splitlines() if line and not line.startswith("#")], [])

    def test_the_service_takes_it_as_it_is_and_with_every_line_uncommented(self):
        text = generated("config")
        uncommented = re.sub("^#(?=[a-z])", "", text, flags=re.MULTILINE)
        self.assertEqual(len(re.findall("^[a-z]", uncommented, re.MULTILINE)), len(serve_options()))
        for config in (text, uncommented):
            service = self.start(config)
            client = service.client()
            self.addCleanup(client.close)
            self.assertEqual(client.retrieve(client.create("my_secret")), (200, {"secret": "my_secret"}))
            self.assertEqual(service.stop(), 0)

    def test_an_unknown_name_is_refused_even_with_nothing_behind_it(self):
        with self.assertRaises(StartError) as refused:
            self.start("workers =\nworker =\n")
        self.assertEqual(refused.exception.code, 2)
        self.assertIn("line 2: there is no option worker", refused.exception.output)


class CompletionTest(DocumentCase):
    def assert_offered(self, expected, read=lambda word: word):
        """`expected` is {line: words}, the program's name left out; `read` makes one of a shell's words comparable."""
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell):
                lines = [f"disposable-secrets {line}" for line in expected]
                offered = getattr(shells, shell)(self.file(shell), lines)
                found = {line: {read(word) for word in offered[f"disposable-secrets {line}"]} for line in expected}
                self.assertEqual(found, expected)

    def test_behind_every_command_a_tab_offers_what_help_says(self):
        expected = {" ".join([*page.path, "--"]): accepted(pages, page) for page in pages}
        expected |= {" ".join([*page.path, ""]): set(page.commands) for page in pages if page.commands}
        self.assert_offered(expected)

    def test_values_are_offered_where_they_can_be_known(self):
        (self.folder / "folder").mkdir()
        (self.folder / "certificate.pem").touch()
        at = str(self.folder)
        self.assert_offered({
            "serve --log-level ": {"error", "warning", "info", "request", "debug"},
            "serve --workers 3 --log-level re": {"request"},
            "audit --action cr": {"created"},
            "audit verify --action lo": {"locked"},
            "document ": set(WHAT),
            f"serve --tls-cert {at}/cer": {"certificate.pem"},
            f"serve --data-dir {at}/cer": set(),
            f"serve --data-dir {at}/fol": {"folder"},
            "serve --workers ": set(),
            # The value of an option is no command.
            "audit --data-dir verify ": {"verify"},
        }, read=lambda word: word.rstrip("/").split("/")[-1])  # some shells give the whole path

    def test_a_value_behind_an_equals_sign_is_offered_too(self):
        self.assert_offered({"serve --log-level=re": {"request"}}, read=lambda word: word.removeprefix("--log-level="))

    def test_the_completions_are_found_where_they_are_installed(self):
        self.assertTrue(generated("zsh").startswith("#compdef disposable-secrets\n"))
        folder = self.folder / "bash-completion/completions"
        folder.mkdir(parents=True)
        (folder / "disposable-secrets").write_text(generated("bash"))
        script = "source /usr/share/bash-completion/bash_completion; _completion_loader disposable-secrets || " \
                 "complete -p disposable-secrets"
        done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/bin", "XDG_DATA_HOME": str(self.folder), "HOME": str(self.folder)})
        self.assertEqual(done.stdout.strip(), "complete -F _disposable_secrets disposable-secrets", done.stderr)


if __name__ == "__main__":
    unittest.main()
