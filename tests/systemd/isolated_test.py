"""The network-less profile: it serves what comes by its socket, reaches nobody, and never runs beside the other."""

import errno
import pathlib
import socket

from fixture import PORT, InstalledCase
from machine import SOCKET, UNIT
from package import install, newer_package
from seen_by import error_of_connecting

ISOLATED, ISOLATED_SOCKET = "disposable-secrets-isolated.service", "disposable-secrets-isolated.socket"
DIRECT_PROFILE, ISOLATED_PROFILE = (SOCKET, UNIT), (ISOLATED_SOCKET, ISOLATED)


class IsolatedTest(InstalledCase):
    def setUp(self):
        super().setUp()
        self.machine.systemctl("disable", "--now", *DIRECT_PROFILE)
        self.machine.systemctl("enable", "--now", *ISOLATED_PROFILE)

    def states(self):
        return tuple(self.machine.show("ActiveState", unit) for unit in (*DIRECT_PROFILE, *ISOLATED_PROFILE))

    def assert_isolated_alone(self):
        self.assertEqual(self.states(), ("inactive", "inactive", "active", "active"))

    def test_it_serves_behind_its_socket_and_is_watched(self):
        self.assertEqual(self.client.retrieve(self.client.create("hello")), (200, {"secret": "hello"}))
        self.assertEqual(self.machine.show("StatusText", ISOLATED), "serving")
        self.machine.systemctl("reload", ISOLATED)
        self.wait_for_line("reloaded", ISOLATED)
        self.assertNotEqual(self.machine.show("WatchdogTimestampMonotonic", ISOLATED), "0")
        self.assertEqual([line for line in self.lines(ISOLATED) if line["level"] in ("warning", "error")], [])

    def test_it_has_no_network(self):
        pid = self.pid(ISOLATED)
        interfaces = [line.split(":")[0].strip() for line in
                      pathlib.Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]]
        self.assertEqual(interfaces, ["lo"])
        self.assertNotEqual(pathlib.Path(f"/proc/{pid}/ns/net").readlink(), pathlib.Path("/proc/self/ns/net").readlink())
        with socket.create_connection(("127.0.0.1", PORT), 5):  # from here the port is open
            self.assertEqual(error_of_connecting(pid, ("127.0.0.1", PORT)), errno.ECONNREFUSED)
        self.assertEqual(error_of_connecting(pid, ("192.0.2.1", 443)), errno.ENETUNREACH)

    def test_the_two_profiles_exclude_each_other(self):
        kept = self.client.create("kept")
        self.client.close()
        self.assert_isolated_alone()
        self.machine.systemctl("start", *DIRECT_PROFILE)
        self.assertEqual(self.states(), ("active", "active", "inactive", "inactive"))
        self.machine.systemctl("start", *ISOLATED_PROFILE)
        self.assert_isolated_alone()
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))

    def test_it_is_the_profile_that_a_reboot_and_an_upgrade_start(self):
        kept = self.client.create("kept")
        self.client.close()
        self.machine.reboot()
        self.assert_isolated_alone()
        before = self.pid(ISOLATED)
        install(self.machine, newer_package())
        self.assert_isolated_alone()
        self.assertNotEqual(self.pid(ISOLATED), before)
        self.assertEqual(self.client.retrieve(kept), (200, {"secret": "kept"}))
