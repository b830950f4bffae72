"""A poller fetches again and again what a stream brings too: each event is once on NATS and in JetStream, whose
duplicate window is shorter than the time between the two. Run by ctest."""
import collections
import json
import re
import sqlite3
import sys
import tempfile
import threading
import urllib.request

import hostile
from schema_check import Subscriber
from served import eventually


class Counter(threading.Thread):
    """Counts messages by id until the server of NATS ends."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.subscriber = Subscriber(port)
        self.ids = collections.Counter()
        self.start()

    def run(self):
        try:
            while True:
                _, body = self.subscriber.next()
                self.ids[json.loads(body)["id"]] += 1
        except (RuntimeError, OSError):
            pass


def metric(url, name):
    with urllib.request.urlopen(url + "/metrics", timeout=10) as answer:
        found = re.search(rf'^feedtree_poller_{name}{{[^}}]*}} (\S+)', answer.read().decode(), re.M)
    return float(found.group(1)) if found else 0


def main():
    with tempfile.TemporaryDirectory(prefix="feedtree-once-") as folder:
        hostile.make_certificate(folder)
        nats = hostile.Nats(folder)
        kraken = hostile.Simulator("kraken", folder, seed=6, rate=100, truth=False,
                                   faults=("drop:after=3s,every=40,kind=trade",))
        counter = Counter(nats.port)
        text = "venues:\n" + kraken.config(folder).replace("feeds: [book, trade]", "feeds: [trade]")
        server = hostile.start_server(folder, text + f"""sinks:
  - kind: none
  - {{kind: sqlite, path: {folder}/events.db, flush_interval: 50ms}}
  - {{kind: jetstream, url: "{nats.url}", duplicate_window: 100ms}}
pollers:
  - name: again
    source: kraken
    instruments: [BTC-USD, ETH-USD]
    feeds: [trade]
    every: 1s
    history: 1h
    overlap: 1h
    settle: 0s
    rest_url: https://{kraken.address}
    tls: {{ca_file: {folder}/tls/ca.pem}}
journal: {{path: {folder}/journal}}
http: {{listen: 127.0.0.1:0}}
""")
        try:
            server.wait_for("HTTP at http")
            url = server.text().split("HTTP at ")[1].split()[0]
            eventually(lambda: metric(url, "repeated_total") > 2 * len(counter.ids) > 0,
                       "everything read twice by the poller", 120)
            repeated, runs = metric(url, "repeated_total"), metric(url, "runs_total")
            assert metric(url, "runs_failed_total") == 0, server.text()
        finally:
            server.stop()
            kraken.stop()
        with sqlite3.connect(f"{folder}/events.db") as database:
            stored = {f"kraken:{instrument}:trade:{key}" for instrument, key in
                      database.execute("SELECT instrument, key FROM trade")}
        eventually(lambda: stored <= counter.ids.keys(), "every stored trade on NATS")
        in_stream = nats.request("$JS.API.STREAM.INFO.MD")["state"]["messages"]
        nats.process.stop()
    twice = [name for name, times in counter.ids.items() if times > 1]
    assert not twice, f"{len(twice)} of {len(counter.ids)}: {twice[:5]}"
    assert in_stream == len(counter.ids), (in_stream, len(counter.ids))
    assert len(stored) > 100, len(stored)
    print(f"{len(stored)} trades, each once on NATS and in JetStream, though {runs:.0f} runs of a poller read"
          f" {repeated:.0f} of them again")


if __name__ == "__main__":
    sys.exit(main())
