"""A server that starts before its services: it waits for them, says for which, and can be stopped meanwhile.
Run by ctest."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import FEEDTREE, Process, Simulator, free_port  # noqa: E402

INSECURE = {"FEEDTREE_ALLOW_INSECURE_DEFAULTS": "1"}


class Startup(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="feedtree-startup-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        subprocess.run([FEEDTREE, "make-certificate", self.folder / "tls"], check=True,
                       stdout=subprocess.DEVNULL)
        self.nats_port, self.redis_port = free_port(), free_port()

    def child(self, process):
        self.addCleanup(process.stop)
        return process

    def server(self, timeout, venue=None):
        text = f"startup_timeout: {timeout}\nvenues:\n"
        text += venue.config(self.folder) if venue else (
            "  - {venue: kraken, instruments: [BTC-USD], feeds: [trade], "
            "websocket_url: ws://127.0.0.1:1, rest_url: http://127.0.0.1:1}\n")
        text += (f"sinks:\n  - {{kind: nats, url: nats://127.0.0.1:{self.nats_port}}}\n"
                 f"  - {{kind: redis, url: redis://127.0.0.1:{self.redis_port}}}\n  - kind: none\n"
                 f"journal: {{path: {self.folder}/journal}}\nhttp: {{listen: 127.0.0.1:0}}\n")
        (self.folder / "config.yaml").write_text(text)
        return self.child(Process("server", [FEEDTREE, "run", "--config", self.folder / "config.yaml",
                                             "--summary", self.folder / "summary.json"],
                                  self.folder, INSECURE))

    def nats(self):
        return self.child(Process("nats", ["nats-server", "-a", "127.0.0.1", "-p", self.nats_port],
                                  self.folder))

    def redis(self):
        return self.child(Process("redis", ["redis-server", "--bind", "127.0.0.1", "--port",
                                            self.redis_port, "--save", "", "--dir", self.folder],
                                  self.folder))

    def test_services_that_come_later_are_waited_for_by_name(self):
        kraken = self.child(Simulator("kraken", self.folder))
        server = self.server("60s", kraken)
        server.wait_for("nats: is not there yet, up to 60 s: ")
        server.wait_for("redis: is not there yet, up to 60 s: ")
        self.assertNotIn("HTTP at", server.text())
        nats = self.nats()
        server.wait_for("nats: is there after ")
        self.assertNotIn("HTTP at", server.text())
        self.redis()
        server.wait_for("redis: is there after ")
        server.wait_for("HTTP at http://")
        # Each was told once, however often it was tried.
        self.assertEqual(server.text().count("nats: is not there yet"), 1, server.text())
        self.assertEqual(server.stop(), 0, server.text())
        self.assertTrue(nats.is_running())

    def test_a_signal_ends_the_wait(self):
        server = self.server("600s")
        server.wait_for("redis: is not there yet")
        began = time.monotonic()
        self.assertEqual(server.stop(), 0, server.text())
        # Well under what the services may take.
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("stopped at the start: it waited for nats, redis", server.text())

    def test_all_that_are_missing_are_named_when_the_time_is_over(self):
        self.redis().wait_for("Ready to accept connections")
        server = self.server("1s")
        server.wait_for("feedtree: not there within 1 s: nats (")
        self.assertEqual(server.stop(), 1)
        self.assertNotIn("redis", server.text().split("not there within 1 s")[1])


if __name__ == "__main__":
    for tool in ("nats-server", "redis-server"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is missing: make deps")
    unittest.main(warnings="ignore")
