"""A Redis sink that is paused, resumed and restarted while the server runs. Run by ctest."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import Process, free_port  # noqa: E402
from operated import bearer, rows  # noqa: E402
from served import Served, TOKEN, eventually  # noqa: E402

SINK = "/api/v1/actors/root/sinks/redis"
KEYS = ("md:book:kraken:BTC-USD", "md:book:kraken:ETH-USD")


class Cache(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.served = Served(
            token=TOKEN, rate=1000, before=cls.start_redis, config="credit: {events: 512}\n",
            sinks=f"  - {{kind: redis, url: 'redis://127.0.0.1:{cls.port}', expiry: 2s}}\n").__enter__()
        cls.addClassCleanup(cls.redis.stop)
        cls.addClassCleanup(cls.served.__exit__)
        cls.served.wait_until_ready()

    @classmethod
    def start_redis(cls, folder):
        cls.redis = Process("redis", ["redis-server", "--bind", "127.0.0.1", "--port", cls.port, "--save",
                                      "", "--appendonly", "no"], folder)
        cls.redis.wait_for("Ready to accept connections")

    def book(self, key):
        """What the key holds; nothing where there is none."""
        said = subprocess.run(["redis-cli", "-p", str(self.port), "GET", key], check=True,
                              capture_output=True, text=True).stdout.strip()
        return json.loads(said) if said else None

    def is_live(self, key):
        book = self.book(key)
        return book is not None and book["state"] == "live" and book["bids"] and book["asks"]

    def change(self, what):
        self.assertEqual(self.served.ask(f"{SINK}/{what}", "POST", bearer(TOKEN), b"")[0], 202)

    def has_all_books(self):
        for key in KEYS:
            eventually(lambda: self.is_live(key), f"{key} is live")

    def moves(self, key):
        before = self.book(key)
        eventually(lambda: self.book(key)["receive_ns"] != before["receive_ns"], f"{key} moves")

    def test_a_paused_cache_holds_up_nobody_and_comes_back_with_all_books(self):
        self.has_all_books()
        self.change("pause")
        eventually(lambda: self.served.json(SINK)["state"] == "paused", "a paused cache")
        for key in KEYS:
            eventually(lambda: self.book(key) is None, f"{key} has expired")
        # Far more goes by than may be on the way.
        stored = "SELECT count(*) FROM book"
        before = rows(self.served.folder / "events.db", stored)[0][0]
        eventually(lambda: rows(self.served.folder / "events.db", stored)[0][0] > before + 2_000,
                   "others get what comes", 60)
        self.change("resume")
        self.has_all_books()  # the venue sends no snapshot: the connection goes on
        for key in KEYS:
            self.moves(key)
        self.served.wait_until_ready()
        venue = self.served.json("/api/v1/venues")["venues"][0]
        self.assertEqual((venue["connections"]["opened"], venue["resyncs"], venue["checks_failed"]),
                         (1, 0, 0))

    def test_a_restarted_cache_has_the_books_that_the_server_has(self):
        self.has_all_books()
        for _ in range(3):
            before = self.served.json(SINK)["restarts"]
            self.change("restart")
            eventually(lambda: self.served.json(SINK)["restarts"] == before + 1, "a restart")
            subprocess.run(["redis-cli", "-p", str(self.port), "FLUSHALL"], check=True,
                           stdout=subprocess.DEVNULL)
            self.has_all_books()
        # While the market moves they are never read at the same moment: the venue is stopped for a while.
        venue = self.served.venues["kraken"].pid
        os.kill(venue, signal.SIGSTOP)
        try:
            for key, instrument in zip(KEYS, ("BTC-USD", "ETH-USD")):
                eventually(lambda: self.same_book(key, instrument), f"{key} is the server's book")
        finally:
            os.kill(venue, signal.SIGCONT)

    def same_book(self, key, instrument):
        shown = self.served.json(f"/api/v1/books/kraken/{instrument}?depth=10")
        kept = self.book(key)
        return kept and [kept["bids"], kept["asks"]] == [shown.get("bids"), shown.get("asks")]


if __name__ == "__main__":
    unittest.main(verbosity=2)
