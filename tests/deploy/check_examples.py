"""The subscribers in the README, as they stand there, at a running server. Run by ctest.

C always. Python where nats-py is (FEEDTREE_EXAMPLES_PYTHON names the interpreter), JavaScript where
FEEDTREE_EXAMPLES_NODE names a folder with node_modules, Go where there are go and its client."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from hostile import Process, free_port  # noqa: E402
from served import Served, eventually  # noqa: E402

ADDRESS = "nats://127.0.0.1:4222"
PYTHON = os.environ.get("FEEDTREE_EXAMPLES_PYTHON", "/usr/bin/python3")
NODE = os.environ.get("FEEDTREE_EXAMPLES_NODE", "")


def works(*argv):
    try:
        return subprocess.run(argv, capture_output=True).returncode == 0
    except OSError:
        return False


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="feedtree-examples-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.url = f"nats://127.0.0.1:{free_port()}"
        nats = Process("nats", ["nats-server", "-a", "127.0.0.1", "-p", cls.url.rsplit(":", 1)[1]],
                       cls.folder)
        cls.addClassCleanup(nats.stop)
        nats.wait_for("Server is ready")
        served = Served(sinks=f"  - {{kind: nats, url: {cls.url}}}\n")
        served.__enter__()
        cls.addClassCleanup(served.__exit__)
        served.wait_until_ready()

    def example(self, language, name):
        """The block of this language as a file; only the address is another."""
        (block,) = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(),
                              re.M | re.S)
        self.assertEqual(block.count(ADDRESS), 1)
        path = self.folder / name
        path.write_text(block.replace(ADDRESS, self.url))
        return path

    def receives(self, name, argv, line, environment=None):
        """The program prints lines of this form and nothing else."""
        program = Process(name, argv, self.folder, environment)
        try:
            eventually(lambda: program.text().count("\n") >= 20 or not program.is_running(),
                       f"20 lines of {name}", 120)
            lines = program.text().splitlines()[:20]
        finally:
            program.stop()
        self.assertEqual(len(lines), 20, program.text())
        for each in lines:
            self.assertRegex(each, line)

    SHORT = r"^md\.v1\.trade\.kraken\.(BTC|ETH)-USD (buy|sell) [0-9.]+ live$"

    def test_c(self):
        source = self.example("c", "subscriber.c")
        # As it says above the block.
        subprocess.run(["cc", source, "-lnats", "-o", self.folder / "subscriber"], check=True)
        self.receives("c", ["stdbuf", "-oL", self.folder / "subscriber"],
                      r'^md\.v1\.trade\.kraken\.(BTC|ETH)-USD \{.*"price":"[0-9.]+".*\}')

    def test_python(self):
        source = self.example("python", "subscriber.py")
        compile(source.read_text(), source, "exec")
        if not works(PYTHON, "-c", "import nats.aio"):
            self.skipTest("no nats-py: only compiled")
        self.receives("python", [PYTHON, source], self.SHORT)

    @unittest.skipUnless(NODE and works("node", "--version"), "no FEEDTREE_EXAMPLES_NODE")
    def test_javascript(self):
        modules = pathlib.Path(NODE, "node_modules").resolve()
        (self.folder / "node_modules").symlink_to(modules)
        self.receives("javascript", ["node", self.example("js", "subscriber.mjs")], self.SHORT)

    @unittest.skipUnless(works("go", "list", "github.com/nats-io/nats.go"), "no Go client")
    def test_go(self):
        source = self.example("go", "subscriber.go")
        subprocess.run(["go", "build", "-o", self.folder / "subscriber-go", source], check=True)
        self.receives("go", [self.folder / "subscriber-go"], self.SHORT)


if __name__ == "__main__":
    unittest.main(warnings="ignore", verbosity=2)
