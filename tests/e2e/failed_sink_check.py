"""A sink that fails for good is alone with it: venues, live subjects and the other sinks go on. Run by ctest."""
import pathlib
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from hostile import Nats  # noqa: E402
from operated import rows  # noqa: E402
from served import Served, eventually  # noqa: E402


class FailedSink(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="feedtree-nats-")
        self.addCleanup(folder.cleanup)
        nats = Nats(folder.name)
        self.addCleanup(nats.process.stop)
        self.served = Served(venues=("kraken", "binance"), config="restart: {intensity: 2}\n",
                             sinks="  - {kind: sqlite, path: FOLDER/second.db}\n"
                                   f"  - {{kind: nats, url: '{nats.url}'}}\n").__enter__()
        self.addCleanup(self.served.__exit__)
        self.served.wait_until_ready()

    def test_a_column_that_is_gone_costs_its_own_sink_alone(self):
        self.rename("price", "cost")
        eventually(lambda: self.actor("sqlite-2")["state"] == "failed", "the sink has failed", 90)
        eventually(lambda: self.is_a_problem("sqlite-2"), "the sink is named")
        before = self.delivered("nats")
        eventually(lambda: self.delivered("nats") > before + 500, "live subjects go on", 60)
        for venue in self.served.json("/api/v1/venues")["venues"]:
            self.assertEqual((venue["state"], venue["connections"]["opened"]), ("live", 1), venue["venue"])
        self.rename("cost", "price")
        eventually(lambda: not self.is_a_problem("sqlite-2"), "the sink is back", 120)
        self.assertEqual(self.served.server.stop(), 0)
        counts = [rows(self.served.folder / name, "SELECT count(*) FROM trade")[0][0]
                  for name in ("events.db", "second.db")]
        self.assertEqual(counts[0], counts[1])
        self.assertGreater(counts[0], 0)

    def rename(self, old, new):
        """A column of the table of trades of the second database."""
        database = sqlite3.connect(self.served.folder / "second.db", timeout=60)
        with database:
            database.execute("PRAGMA legacy_alter_table = ON")  # views that name it stay as they are
            database.execute(f"ALTER TABLE trade RENAME COLUMN {old} TO {new}")
        database.close()

    def is_a_problem(self, name):
        problems = self.served.json("/api/v1/overview")["problems"]
        return any(each["component"].endswith(name) for each in problems)

    def delivered(self, name):
        return next(each["events_delivered"] for each in self.served.json("/api/v1/sinks")["sinks"]
                    if each["sink"] == name)

    def actor(self, name):
        return self.served.json(f"/api/v1/actors/root/sinks/{name}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
