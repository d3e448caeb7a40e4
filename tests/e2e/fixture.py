"""What the end-to-end tests share: a service for a whole test class, and the answers of the specification."""

import pathlib
import shutil
import tempfile
import unittest

from service import Service

NOT_FOUND = (404, {"detail": "Secret not found or expired"})
SPENT = (410, {"detail": "Secret already retrieved or deleted"})
DENIED = (403, {"detail": "Invalid passphrase"})
DELETED = (200, {"status": "secret deleted"})
UNKNOWN_KEY = "550e8400-e29b-41d4-a716-446655440000"


def temporary_folder(case):
    """A folder that goes with the test case (an instance or a class)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="disposable-e2e-"))
    add = case.addClassCleanup if isinstance(case, type) else case.addCleanup
    add(shutil.rmtree, folder, ignore_errors=True)
    return folder


class ServiceCase(unittest.TestCase):
    """One service for all tests of the class; it must end well after them."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.folder = temporary_folder(cls)
        cls.service = Service(cls.folder, cls.arguments)
        cls.addClassCleanup(cls.service.kill)

    @classmethod
    def tearDownClass(cls):
        code = cls.service.stop()
        assert code == 0, f"the service ended with {code}: {cls.service.log[-5:]}"

    def setUp(self):
        self.client = self.service.client()
        self.addCleanup(self.client.close)
