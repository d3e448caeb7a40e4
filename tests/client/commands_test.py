"""What the client's commands do when all goes well: on a pipe, as scripts use them."""

import json
import os
import stat
import unittest

from fixture import LINK, SECRET, ClientCase


class ShareTest(ClientCase):
    def test_a_text_comes_back_as_it_was_and_nothing_else_is_printed(self):
        api = self.serve()
        for text in (SECRET, b"two\nlines\n", b"x", "\N{KEY}".encode() * 3000, b"control \x1b[2J\x07"):
            link = self.share(api, given=text)
            done = self.client("retrieve", link)
            self.assertEqual((done.stdout, done.stderr), (text, b""))

    def test_the_server_sees_neither_the_text_nor_the_link_nor_the_passphrase(self):
        api = self.serve()
        (self.folder / "passphrase").write_bytes(b"correct horse\n")
        link = self.share(api, "--passphrase-file", self.folder / "passphrase")
        self.client("status", link)
        self.client("retrieve", link, "--passphrase-file", self.folder / "passphrase")
        fragment = link.split("#")[1]
        for method, path, headers, body in api.seen:
            everything = " ".join([method, path, str(headers)]).encode() + body
            for hidden in (SECRET, b"correct horse", fragment.split(".")[1].encode()):
                self.assertNotIn(hidden, everything)
            self.assertNotIn(fragment.split(".")[0], path + str(headers))

    def test_ttl_views_and_token_reach_the_server(self):
        api = self.serve(token="ds_token")
        for ttl, seconds in (("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604800)):
            self.share(api, "--ttl", ttl, "--views", 3, DISPOSABLE_SECRETS_TOKEN="ds_token")
            headers = api.seen[-1][2]
            self.assertEqual((headers["Secret-TTL"], headers["Secret-Views"]), (str(seconds), "3"))
        for wrong in ("", "1", "h", "1w", "-1h", "1.5h", "0s", "99999999999d"):
            self.client("share", "--ttl", wrong, api=api, given=b"x", code=2)
        for wrong in ("0", "101", "x"):
            self.client("share", "--views", wrong, api=api, given=b"x", code=2)

    def test_views_can_all_be_used(self):
        api = self.serve()
        link = self.share(api, "--views", 2)
        left = [json.loads(self.client("retrieve", "--json", link).stdout) for _ in range(2)]
        self.assertEqual([each["views_left"] for each in left], [1, 0])
        self.assertEqual(left[0]["parts"], [{"kind": "text", "text": SECRET.decode()}])
        self.client("retrieve", link, code=4)

    def test_json_has_link_and_receipt(self):
        api = self.serve()
        done = self.client("share", "--json", "--receipt", "--views", 5, api=api, given=SECRET)
        shared = json.loads(done.stdout)
        self.assertEqual(set(shared), {"link", "receipt_link", "expires_at", "views"})
        self.assertEqual(json.loads(self.client("receipt", "--json", shared["receipt_link"]).stdout)["state"], "live")
        self.assertEqual(self.client("retrieve", shared["link"]).stdout, SECRET)

    def test_a_qr_code_and_the_receipt_are_on_standard_error(self):
        done = self.client("share", "--qr", "--receipt", api=self.serve(), given=SECRET)
        self.assertRegex(done.stdout, LINK)
        self.assertEqual(done.stdout.count(b"\n"), 1)
        self.assertRegex(done.stderr, rb"\AReceipt: http://127.0.0.1:\d+/r#[\w-]{64}\n")
        self.assertIn("\u2588\u2588".encode(), done.stderr)

    def test_binary_from_standard_input_becomes_a_file(self):
        link = self.share(self.serve(), given=b"\xff\x00\xfe")
        self.client("retrieve", link)
        self.assertEqual((self.here / "standard-input.bin").read_bytes(), b"\xff\x00\xfe")

    def test_servers_come_from_options_environment_and_configuration_in_that_order(self):
        first, second, third = self.serve(), self.serve(), self.serve()
        token = self.folder / "token"
        token.write_text("ds_kept\n")
        token.chmod(0o600)
        self.configure(f"# mine\nserver = {first.url}\ntoken-file = ~/token\n")
        self.share(None)
        self.share(second)
        self.share(second, "--server", third.url)
        self.assertEqual([len(api.seen) for api in (first, second, third)], [1, 1, 1])
        self.assertEqual(first.seen[0][2]["Authorization"], "Bearer ds_kept")
        for other in (second, third):  # they are not the server that the token is for
            self.assertNotIn("Authorization", other.seen[0][2])
        self.client("request", "--server", third.url)
        self.assertNotIn("Authorization", third.seen[-1][2])
        token.chmod(0o644)
        self.assertIn(b"open to others", self.client("share", api=first, given=b"x", code=1).stderr)
        self.configure("sever = x\n")
        self.assertIn(b"line 1", self.client("share", api=first, given=b"x", code=2).stderr)

    def test_a_configuration_that_others_can_change_or_that_is_no_file_is_refused(self):
        api = self.serve()
        configuration = self.configure(f"server = {api.url}\n")
        for mode, said in ((0o664, b"chmod go-w"), (0o646, b"chmod go-w"), (0o644, None)):
            configuration.chmod(mode)
            done = self.client("share", given=b"x", code=2 if said else 0)
            self.assertIn(said or b"", done.stderr)
        configuration.unlink()
        os.mkfifo(configuration)
        self.assertIn(b"no regular file", self.client("share", api=api, given=b"x", code=2).stderr)

    def test_no_configuration_is_read_from_the_current_folder(self):
        api = self.serve()
        for folder in (self.here / ".config", self.here / "relative"):
            (folder / "disposable-secrets").mkdir(parents=True)
            (folder / "disposable-secrets/client.conf").write_text(f"server = {api.url}\n")
        for environment in ({"HOME": ""}, {"HOME": "."}, {"HOME": "", "XDG_CONFIG_HOME": "relative"}):
            self.assertIn(b"no server is named", self.client("share", given=b"x", code=2, **environment).stderr)
        self.client("share", given=b"x", XDG_CONFIG_HOME=str(self.here / "relative"))


class FilesTest(ClientCase):
    def share_files(self, api, **files):
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        return self.share(api, *(self.folder / name for name in files), given=b"")

    def test_files_come_back_with_their_names_for_the_owner_only(self):
        files = {"one.txt": b"1", "empty": b"", "large": os.urandom(3 << 20), "Za\u017c\u00f3\u0142\u0107.pdf": b"x"}
        link = self.share_files(self.serve(), **files)
        done = self.client("retrieve", link)
        self.assertEqual(done.stdout, b"")
        self.assertEqual({path.name: path.read_bytes() for path in self.here.iterdir()}, files)
        self.assertEqual({stat.S_IMODE(path.stat().st_mode) for path in self.here.iterdir()}, {0o600})

    def test_a_file_that_exists_is_kept_and_the_new_one_gets_a_number(self):
        (self.here / "a.txt").write_bytes(b"old")
        done = self.client("retrieve", self.share_files(self.serve(), **{"a.txt": b"new"}))
        self.assertEqual(done.stderr, b"wrote ./a (2).txt\n")
        self.assertEqual([(self.here / name).read_bytes() for name in ("a.txt", "a (2).txt")], [b"old", b"new"])

    def test_a_path_that_cannot_be_written_spends_nothing(self):
        api = self.serve()
        link = self.share_files(api, **{"a.txt": b"new"})
        (self.folder / "there").write_bytes(b"old")
        for output in (self.folder / "there", self.folder / "no/folder/file", self.folder / "there/"):
            self.assertIn(b"nothing was retrieved yet", self.client("retrieve", link, "--output", output, code=1).stderr)
        self.client("retrieve", link, "--output", self.folder / "new")
        self.assertEqual((self.folder / "new").read_bytes(), b"new")

    def test_an_output_file_takes_a_text_too_and_an_output_folder_takes_all(self):
        api = self.serve()
        self.client("retrieve", self.share(api), "--output", self.folder / "text")
        self.assertEqual((self.folder / "text").read_bytes(), SECRET)
        self.client("retrieve", self.share_files(api, a=b"1", b=b"2"), "--output", self.folder / "both")
        self.assertEqual(sorted(path.name for path in (self.folder / "both").iterdir()), ["a", "b"])

    def test_files_that_are_too_large_together_are_refused_before_they_are_all_in_memory(self):
        for name in ("one", "two"):
            with open(self.folder / name, "wb") as file:
                file.truncate(130 << 20)
        error = self.client("share", self.folder / "one", self.folder / "two", api=self.serve(), code=1).stderr
        self.assertIn(b"too large", error)

    def test_files_that_cannot_be_read_are_one_clear_line(self):
        api = self.serve()
        for path in (self.folder / "missing", self.folder):
            self.assertIn(str(path).encode(), self.client("share", path, api=api, code=1).stderr)
        self.client("share", api=api, given=b"", code=1)
        self.assertEqual(api.seen, [])

    def test_what_is_larger_than_the_server_takes_is_not_sent(self):
        api = self.serve(upload_bytes_max=1 << 20)
        (self.folder / "large").write_bytes(bytes(2 << 20))
        self.assertIn(b"1048576", self.client("share", self.folder / "large", api=api, code=6).stderr)
        self.assertEqual(api.count("/api/v2/secrets"), 0)


class LinkTest(ClientCase):
    def test_a_link_need_not_be_an_argument(self):
        api = self.serve()
        for arguments in ((), ("-",)):
            link = self.share(api)
            self.assertEqual(self.client("retrieve", *arguments, given=link.encode() + b"\n").stdout, SECRET)

    def test_status_spends_nothing_and_tells_what_became_of_it(self):
        api = self.serve()
        link = self.share(api, "--views", 2)
        self.assertRegex(self.client("status", link).stdout, rb"\Astate         live\n(.*\n)*views left    2 of 2\n")
        self.client("retrieve", link)
        self.client("retrieve", link)
        status = json.loads(self.client("status", "--json", link).stdout)
        self.assertEqual((status["state"], status["views_left"]), ("retrieved", 0))

    def test_delete_takes_a_link_or_a_receipt(self):
        api = self.serve()
        (self.folder / "passphrase").write_bytes(b"pass")
        guard = ("--passphrase-file", self.folder / "passphrase")
        link = self.share(api, *guard)
        self.assertEqual(self.client("delete", *guard, link).stdout, b"deleted\n")
        self.client("retrieve", link, code=4)
        self.client("delete", *guard, link, code=4)
        shared = json.loads(self.client("share", "--json", "--receipt", *guard, api=api, given=b"x").stdout)
        self.assertEqual(json.loads(self.client("delete", "--json", shared["receipt_link"]).stdout)["state"], "deleted")
        self.client("retrieve", shared["link"], code=4)
        self.assertEqual(json.loads(self.client("receipt", "--json", shared["receipt_link"]).stdout)["state"], "deleted")

    def test_a_server_below_a_path_has_links_below_it_which_may_have_the_pages_query(self):
        api = self.serve(below="/tools/once")
        link = self.share(api)
        self.assertTrue(link.startswith(api.url + "/s#"))
        asked = json.loads(self.client("request", "--json", "--server", api.url + "/").stdout)
        self.client("share", "--to", asked["link"].replace("#", "?lang=de#"), given=SECRET)
        self.assertEqual(self.client("request", "--collect", asked["own_link"]).stdout, SECRET)
        self.assertEqual(self.client("retrieve", link.replace("#", "?lang=de#")).stdout, SECRET)

    def test_a_token_is_not_for_another_path_of_its_server(self):
        api = self.serve(below="/mine", token="ds_kept")
        token = self.folder / "token"
        token.write_text("ds_kept\n")
        token.chmod(0o600)
        self.configure(f"server = {api.url}/\ntoken-file = {token}\n")
        self.share(None)
        self.client("share", "--server", api.url + "/below", given=b"x", code=3)
        self.assertNotIn("Authorization", api.seen[-1][2])

    def test_a_link_of_another_kind_is_a_usage_error(self):
        api = self.serve()
        shared = json.loads(self.client("share", "--json", "--receipt", api=api, given=b"x").stdout)
        asked = json.loads(self.client("request", "--json", api=api).stdout)
        for command in (("retrieve", shared["receipt_link"]), ("retrieve", asked["link"]), ("retrieve", asked["own_link"]),
                        ("receipt", shared["link"]), ("delete", asked["link"]), ("request", "--collect", asked["link"]),
                        ("share", "--to", shared["link"]), ("status", "nonsense"), ("status", api.url + "/s#nonsense")):
            error = self.client(*command, given=b"x", code=2).stderr
            for link in (*shared.values(), *asked.values()):
                self.assertNotIn(str(link).split("#")[-1].encode(), error) if "#" in str(link) else None


class RequestTest(ClientCase):
    def test_who_is_asked_answers_and_who_asked_collects(self):
        api = self.serve()
        done = self.client("request", "--ttl", "1h", api=api)
        self.assertRegex(done.stdout, LINK)
        fill, own = done.stdout.strip().decode(), done.stderr.strip().decode().split(": ", 1)[1]
        self.assertIn(b"no answer yet", self.client("request", "--collect", own, "--no-wait", code=8).stderr)
        self.assertEqual(self.client("share", "--to", fill, given=SECRET).stdout, b"")
        self.client("share", "--to", fill, given=b"second", code=4)
        self.assertEqual(json.loads(self.client("status", "--json", fill).stdout)["state"], "filled")
        self.assertEqual(self.client("request", "--collect", "-", given=own.encode()).stdout, SECRET)
        self.client("request", "--collect", own, code=4)
        for *_, body in api.seen:
            self.assertNotIn(SECRET, body)

    def test_the_own_link_can_be_kept_in_a_file(self):
        api = self.serve()
        kept = self.folder / "own"
        done = self.client("request", "--own-link-file", kept, api=api)
        self.assertEqual((done.stderr, stat.S_IMODE(kept.stat().st_mode)), (b"", 0o600))
        self.client("request", "--own-link-file", kept, api=api, code=1)
        self.assertEqual(api.count("/api/v2/requests"), 1)
        self.client("delete", given=kept.read_bytes())
        self.assertIn(b"it was already deleted at", self.client("delete", given=kept.read_bytes(), code=4).stderr)
        self.client("share", "--to", done.stdout.strip().decode(), given=b"x", code=4)
        self.client("request", "--collect", "-", given=kept.read_bytes(), code=4)

    def test_what_asking_takes_collecting_refuses_and_the_other_way(self):
        api = self.serve()
        own = json.loads(self.client("request", "--json", api=api).stdout)["own_link"]
        kept = self.folder / "own"
        for option in (("--ttl", "1h"), ("--qr",), ("--own-link-file", kept), ("--webhook", "https://example.invalid/")):
            self.assertIn(option[0].encode(), self.client("request", "--collect", own, *option, api=api, code=2).stderr)
        for option in (("--no-wait",), ("--force",), ("--output", kept)):
            self.assertIn(b"--collect", self.client("request", *option, api=api, code=2).stderr)
        self.assertEqual((len(api.seen), kept.exists()), (1, False))

    def test_an_own_link_that_cannot_be_kept_is_shown_and_leaves_no_file(self):
        api = self.serve()
        kept = self.folder / "own"
        full = ("sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh")  # no byte can be written to a file
        done = self.client("request", "--own-link-file", kept, api=api, code=1, wrapper=full)
        self.assertIn(b"error: cannot write ", done.stderr)
        self.client("share", "--to", done.stdout.strip().decode(), given=SECRET)
        own = done.stderr.splitlines()[0].split(b": ", 1)[1]
        self.assertEqual(self.client("request", "--collect", "-", given=own).stdout, SECRET)
        told = json.loads(self.client("request", "--json", "--own-link-file", kept, api=api, code=1, wrapper=full).stdout)
        self.assertEqual(json.loads(self.client("status", "--json", told["own_link"]).stdout)["state"], "waiting")
        api.fail("/api/v2/requests", "garbage")
        self.client("request", "--own-link-file", kept, api=api, code=7)
        self.assertFalse(kept.exists())


class GenerateTest(ClientCase):
    def test_passwords_have_the_length_and_the_characters_that_were_asked_for(self):
        for arguments, pattern in (((), rb"[A-Za-z0-9]{24}"), (("--length", 8), rb"[A-Za-z0-9]{8}"),
                                   (("--alphabet", "hex", "--length", 64), rb"[0-9a-f]{64}"),
                                   (("--words", 4), rb"([bdfghjklmnprstvz][aiou]){2}[bdfghjklmnprstvz](-[a-z]{5}){3}")):
            done = [self.client("generate", *arguments).stdout for _ in range(2)]
            self.assertRegex(done[0], rb"\A" + pattern + rb"\n\Z")
            self.assertNotEqual(*done)
        self.assertEqual(json.loads(self.client("generate", "--json", "--words", 5).stdout)["bits"], 80)
        for wrong in (("--length", 7), ("--alphabet", "none"), ("--words", 3), ("extra",)):
            self.client("generate", *wrong, code=2)


if __name__ == "__main__":
    unittest.main()
