"""Trades that a rule puts into quarantine are in no table, candle, cache or feature, live and in a replay of the
archive by the same rules. Run by ctest."""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

import hostile
from served import eventually

RULES = """rules:
  - name: dear
    check: range
    kinds: [trade]
    field: price
    max: 0.000001
    instruments: [BTC-USD]
    outcome: [quarantine]
"""


class Redis:
    """A server of its own."""

    def __init__(self, folder):
        self.port = hostile.free_port()
        self.process = hostile.Process("redis", ["redis-server", "--port", self.port, "--bind",
                                                 "127.0.0.1", "--save", "", "--dir", folder], folder)
        self.process.wait_for("Ready to accept connections")

    def get(self, key):
        done = subprocess.run(["redis-cli", "-p", str(self.port), "GET", key], capture_output=True,
                              text=True, check=True)
        return json.loads(done.stdout) if done.stdout.strip() else None


def rows(path, sql):
    try:
        with sqlite3.connect(path, timeout=10) as database:
            return database.execute(sql).fetchall()
    except sqlite3.OperationalError:
        return []


def count(path, what, instrument):
    return rows(path, f"SELECT count(*) FROM {what} AND instrument = '{instrument}'")[0][0]


TRADES = "trade WHERE 1"
CANDLES = "candle WHERE source = 'trades'"
QUARANTINE = "quarantine WHERE rule = 'dear'"


def expect_apart(path):
    assert count(path, QUARANTINE, "BTC-USD") > 0
    assert count(path, TRADES, "BTC-USD") == 0 and count(path, CANDLES, "BTC-USD") == 0
    assert count(path, QUARANTINE, "ETH-USD") == 0
    assert count(path, TRADES, "ETH-USD") > 0 and count(path, CANDLES, "ETH-USD") > 0


def main():
    if not shutil.which("redis-server"):
        print("skipped: no redis-server")
        return
    with tempfile.TemporaryDirectory(prefix="feedtree-quarantine-") as folder:
        pathlib.Path(folder, "rules.yaml").write_text(RULES)
        hostile.make_certificate(folder)
        redis = Redis(folder)
        kraken = hostile.Simulator("kraken", folder, seed=2, rate=120, truth=False)
        database = f"{folder}/events.db"
        server = hostile.start_server(folder, "venues:\n" + kraken.config(folder) + f"""sinks:
  - kind: none
  - {{kind: sqlite, path: {database}, flush_interval: 50ms}}
  - {{kind: redis, url: "redis://127.0.0.1:{redis.port}"}}
candles: {{intervals: [1s], lateness: 1s}}
validation: {{rules: {folder}/rules.yaml}}
archive: {{path: {folder}/archive}}
journal: {{path: {folder}/journal}}
http: {{listen: 127.0.0.1:0}}
""")
        try:
            eventually(lambda: rows(database, f"SELECT 1 FROM {CANDLES} AND instrument = 'ETH-USD' AND"
                                    " closed = 1") and count(database, QUARANTINE, "BTC-USD") > 20,
                       "candles of one instrument and quarantine of the other", 60)
            expect_apart(database)
            eventually(lambda: redis.get("md:candle:kraken:ETH-USD"), "a candle in the cache")
            assert redis.get("md:candle:kraken:ETH-USD")["source"] == "trades"
            assert redis.get("md:book:kraken:BTC-USD")
            assert redis.get("md:trade:kraken:BTC-USD") is None
            assert redis.get("md:candle:kraken:BTC-USD") is None
            features = redis.get("md:features:kraken:BTC-USD")
            assert features["trades_1h"] == 0 and features["volume_1h"] in ("0", None), features
        finally:
            server.stop()
            kraken.stop()
            redis.process.stop()
        replayed = f"{folder}/replayed.db"
        subprocess.run([hostile.FEEDTREE, "replay", "--sink", f"sqlite:{replayed}", "--candles", "1s",
                        "--candle-lateness-ms", "1000", "--rules", f"{folder}/rules.yaml",
                        f"{folder}/archive"], check=True, capture_output=True, timeout=120)
        expect_apart(replayed)
    print("trades in quarantine: in no table, candle, cache or feature, live and replayed")


if __name__ == "__main__":
    sys.exit(main())
