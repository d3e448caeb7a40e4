"""The image: what is in it, what it says about itself, and that it does its work with nothing else."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import own_root
from image import Image
from service import EXECUTABLE, REPOSITORY, Service, StartError, run
from suite import figure

BUILD = REPOSITORY / "packaging" / "container" / "build"
USER = 65532
DATA, KEYRING = "/var/lib/disposable-secrets", "/etc/disposable-secrets"
SPENT = (410, {"detail": "Secret already retrieved or deleted"})


class ContainerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-container-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.archive = cls.build("image.tar")
        cls.image = Image(cls.archive)

    @classmethod
    def build(cls, name, *before):
        result = subprocess.run([*before, BUILD, name], cwd=cls.folder, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise AssertionError(result.stderr)
        return pathlib.Path(result.stdout.strip())

    def setUp(self):
        """The root folder as an engine makes it: the image, and the folders that it mounts something on."""
        self.place = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.root = self.place / "root"
        self.root.mkdir()
        self.image.unpack(self.root)
        for name in ("proc", "dev", "run/secrets"):
            (self.root / name).mkdir(parents=True)
        self.volumes = [self.volume(path) for path in sorted(self.image.config["Volumes"])]

    def volume(self, path):
        """A new one, with owner and mode of the folder in the image."""
        outside, inside = self.place / path.strip("/").replace("/", "-"), self.root / path.lstrip("/")
        outside.mkdir()
        status = inside.stat()
        os.chown(outside, status.st_uid, status.st_gid)
        outside.chmod(status.st_mode & 0o777)
        return outside, path

    def line(self, *arguments, binds=None):
        return own_root.command(self.root, *(arguments or self.image.command), user=self.image.user, kernel=True,
                                binds=self.volumes if binds is None else binds)

    def start(self, binds=None, **variables):
        service = Service(self.place, command=self.line(binds=binds), environment=os.environ | self.image.environment | variables)
        self.addCleanup(service.kill)
        return service

    def test_nothing_but_the_executable_and_its_licences_is_in_it(self):
        root, ours = ("folder", "0o755", 0, 0), ("folder", "0o700", USER, USER)
        self.assertEqual(self.image.members(), {
            "disposable-secrets": ("file", "0o555", 0, 0), "LICENSE": ("file", "0o444", 0, 0),
            "THIRD-PARTY-NOTICES": ("file", "0o444", 0, 0), "etc": root, "var": root, "var/lib": root,
            KEYRING.lstrip("/"): ours, DATA.lstrip("/"): ours})
        self.assertEqual((self.root / "disposable-secrets").read_bytes(), EXECUTABLE.read_bytes())
        figure(f"the image: {self.archive.stat().st_size / 2**20:.1f} MiB")

    def test_it_says_how_to_run_it(self):
        config = self.image.config
        self.assertEqual(config["User"], f"{USER}:{USER}")
        self.assertEqual((config["Entrypoint"], config["Cmd"]), (["/disposable-secrets"], ["serve"]))
        self.assertEqual(set(config["Volumes"]), {DATA, KEYRING})
        self.assertEqual(set(config["ExposedPorts"]), {"8000/tcp"})
        self.assertEqual(config["StopSignal"], "SIGTERM")
        labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
        self.assertEqual(labels["version"], run("version").stdout.split()[1])
        self.assertEqual(labels["created"], self.image.description["created"])
        self.assertIn(f'"commit":"{labels["revision"]}"', run("version", "--json").stdout)
        self.assertEqual(self.image.descriptor["annotations"]["org.opencontainers.image.ref.name"],
                         f"disposable-secrets:{labels['version']}")

    def test_a_secret_lives_in_it_and_a_restart_keeps_the_others(self):
        first = self.start()
        self.assertEqual(first.port, 8000)
        status = pathlib.Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()[0]
        status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{status}/status").read_text().splitlines())
        self.assertEqual(status["Uid"].split(), [str(USER)] * 4)
        self.assertEqual({int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")}, {0})
        client = first.client()
        key, kept = client.create("for your eyes only"), client.create("for later")
        self.assertEqual(client.retrieve(key), (200, {"secret": "for your eyes only"}))
        self.assertEqual(client.retrieve(key), SPENT)
        client.close()
        self.assertEqual(first.stop(), 0, first.log)
        second = self.start()
        client = second.client()
        self.assertEqual(client.retrieve(kept), (200, {"secret": "for later"}))
        self.assertEqual(client.retrieve(key), SPENT)
        client.close()
        self.assertEqual(second.stop(), 0, second.log)
        keyring = self.place / KEYRING.strip("/").replace("/", "-") / "keyring"
        self.assertEqual(keyring.stat().st_mode & 0o777, 0o600)

    def test_other_commands_find_the_same_files(self):
        service = self.start()
        service.client().create("something")
        result = subprocess.run(self.line("/disposable-secrets", "audit"), capture_output=True, text=True, check=False,
                                env=os.environ | self.image.environment)
        self.assertEqual((result.returncode, result.stdout.count("  created  ")), (0, 1), result.stderr)

    def test_the_keyring_can_be_a_secret_of_the_engine(self):
        keyring = self.place / "keyring"
        self.assertEqual(run("keys", "create", "--key-file", keyring).returncode, 0)
        os.chown(keyring, USER, USER)
        (self.root / "run/secrets/keyring").touch()
        data = [bind for bind in self.volumes if bind[1] == DATA]
        service = self.start([*data, (keyring, "/run/secrets/keyring")],
                             DISPOSABLE_SECRETS_KEY_FILE="/run/secrets/keyring")
        client = service.client()
        self.assertEqual(client.retrieve(client.create("kept apart")), (200, {"secret": "kept apart"}))

    def test_without_its_volumes_it_says_so(self):
        with self.assertRaises(StartError) as caught:
            self.start([])
        self.assertEqual(caught.exception.code, 1)
        self.assertIn("Read-only file system", caught.exception.output)

    def test_a_second_build_later_is_the_same(self):
        again = self.build("again.tar", "faketime", "-f", "+400d")
        self.assertEqual(again.read_bytes(), self.archive.read_bytes())

    def test_building_leaves_no_storage_behind(self):
        places = [pathlib.Path(place) for place in ("/var/lib/containers", "/run/containers")]
        before = [place.exists() for place in places]
        self.build("third.tar")
        self.assertEqual([place.exists() for place in places], before)

    def test_mistakes_are_one_clear_line(self):
        for arguments, code, words in (((), 2, "usage: packaging/container/build FILE"),
                                       (("/nowhere/image.tar",), 1, "there is no folder /nowhere")):
            with self.subTest(arguments):
                result = subprocess.run([BUILD, *arguments], capture_output=True, text=True, check=False)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (code, "", f"container: {words}\n"))
