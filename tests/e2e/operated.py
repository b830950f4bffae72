"""A running server with accounts, for the checks of who may do what."""
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import FEEDTREE  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

ADMIN = {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1", "FEEDTREE_ADMIN_DSN": "FOLDER/admin.db"}
PASSWORD = "correct horse battery"


def bearer(token):
    return {"Authorization": "Bearer " + token}


def rows(path, sql):
    with sqlite3.connect(path, timeout=10) as database:
        return database.execute(sql).fetchall()


class Operated(unittest.TestCase):
    """A server with accounts."""

    @classmethod
    def setUpClass(cls):
        cls.served = Served(token=TOKEN, environment=ADMIN).__enter__()
        cls.addClassCleanup(cls.served.__exit__)
        cls.served.wait_until_ready()

    def admin(self, *arguments, password=None, code=0):
        """Standard output of the command."""
        done = subprocess.run(
            [FEEDTREE, "admin", *arguments], input=password, capture_output=True, text=True,
            env={**os.environ, "FEEDTREE_ADMIN_DSN": f"{self.served.folder}/admin.db"})
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def add(self, name, role):
        self.admin("add", name, "--role", role, password=PASSWORD + "\n")

    def try_log_in(self, name, password=PASSWORD):
        status, headers, body = self.served.ask(
            "/api/v1/login", "POST", {"Content-Type": "application/json"},
            json.dumps({"name": name, "password": password}).encode())
        return status, headers, json.loads(body)

    def log_in(self, name, password=PASSWORD):
        """Where the machine is so busy that hashing takes seconds (504), another try may be faster."""
        return eventually(lambda: (lambda answer: answer[0] != 504 and answer)(
            self.try_log_in(name, password)), "an answer to a sign-in", 60)

    def token(self, name):
        status, _, answer = self.log_in(name)
        self.assertEqual(status, 200, answer)
        return answer["token"]

    def change(self, path, token=TOKEN, method="POST"):
        status, _, body = self.served.ask(path, method, bearer(token) if token else {}, b"")
        return status, body.decode()

    def audit(self):
        return rows(self.served.folder / "admin.db",
                    "SELECT operator, action, target, outcome, detail FROM audit ORDER BY at_ns")

    def has_audit(self, *wanted):
        eventually(lambda: any(row[:len(wanted)] == wanted for row in self.audit()),
                   f"the record {wanted}")
