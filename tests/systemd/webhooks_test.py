"""README's drop-in for webhooks: with it, and with nothing else, the installed service calls, by name and by TLS."""

import pathlib
import re
import tempfile

from fixture import CONFIGURATION, InstalledCase
from machine import UNIT
from receiver import KEY_FILE, Receiver, certificate, signature
from service import REPOSITORY
from suite import wait_until

KEY = "/etc/disposable-secrets/webhook-key"


class WebhooksTest(InstalledCase):
    def test_with_readmes_drop_in_it_calls_and_doctor_knows(self):
        section = (REPOSITORY / "README.md").read_text().split("\n## Webhooks\n")[1].split("\n## ")[0]
        drop_in, = re.findall(r"```ini\n(.*?)```", section, re.DOTALL)
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        receiver = Receiver()
        self.addCleanup(receiver.close)
        trusted, key = certificate(folder, "hooks.test")
        receiver.use_tls(trusted, key)
        self.machine.write("/etc/hosts", "127.0.0.1 localhost hooks.test\n")
        self.machine.write("/etc/ssl/certs/ca-certificates.crt", trusted.read_text())
        self.machine.write(KEY, KEY_FILE, mode=0o600)
        text = (self.machine.root / CONFIGURATION[1:]).read_text()
        self.machine.write(CONFIGURATION, text + f"\nwebhook-url = https://hooks.test:{receiver.port}/\nwebhook-key-file = {KEY}\n"
                                                 "webhook-allow = 127.0.0.0/8\n")
        self.machine.drop_in(drop_in)
        self.machine.systemctl("restart", UNIT)
        self.client.create("x")
        wait_until(lambda: receiver.told, 20, "it is told")
        (_, fields, body), = receiver.told
        self.assertEqual(fields["webhook-signature"], signature(fields, body))
        doctor = self.machine.run("disposable-secrets", "doctor", "--config", CONFIGURATION, check=False).stdout
        self.assertRegex(doctor, r"(?m)^ok +webhooks ")
        command = pathlib.Path(f"/proc/{self.pid()}/environ").read_text() + self.machine.systemctl("show", UNIT)
        self.assertNotIn("hooks.test", command)
